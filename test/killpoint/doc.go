// Package killpoint names the steps at which driftless touches something that outlives it: a transaction, a process, a
// request that changes something. A test kills it there and looks what became of the world. The store and every wrapper of
// an external effect say their steps here, so that a new effect has its step as well. Only programs that are built with the
// tag killpoints can be killed this way; in all others this is nothing.
package killpoint
