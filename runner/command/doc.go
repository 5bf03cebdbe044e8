// Package command reads what a comment asks driftless to do. It is pure: a comment's Markdown in, a Command out.
//
// A comment asks by a line that begins with "driftless", "/driftless" or "@driftless" and that a forge shows as ordinary
// text: not in a code block, a quotation (with the lines that Markdown takes into it) or HTML. The first such line counts.
//
// Most lines that begin so only talk about driftless, and must do nothing; and a command that was misspelled must not be
// met with silence. The rule:
//
//   - The next word is a verb (plan, apply, …): a command. Text after it and its arguments is ignored ("driftless plan
//     please"), unless it makes a sentence of the line ("driftless apply failed again"), which is talk, or restricts what is
//     asked for in a way that would be ignored ("driftless apply when it is green", "driftless apply prod/app"), which is a
//     Problem. A verb with a question mark is explained, not carried out; one with a colon is talk.
//   - It is another word, and nothing but arguments (or "please", "thanks") follow: an unknown command, a Problem.
//   - Anything else is talk.
//
// With a slash no line is talk: it is a command, or a Problem.
package command
