package policy

import (
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
)

// maxDigits bounds the numbers that functions make. The number of digits doubles with every x * x, and one call of these
// functions can then neither be stopped nor be paid for.
const maxDigits = 10_000

// bounds report whether the result of a built-in function may have more than maxDigits.
var bounds = map[string]func(operands []*ast.Term) bool{
	ast.Multiply.Name: func(operands []*ast.Term) bool { return digits(operands[0])+digits(operands[1]) > maxDigits },
	ast.Product.Name: func(operands []*ast.Term) bool {
		sum := 0
		if list, ok := operands[0].Value.(interface{ Foreach(func(*ast.Term)) }); ok {
			list.Foreach(func(t *ast.Term) { sum += digits(t) - 1 })
		}
		return sum > maxDigits
	},
	ast.BitsShiftLeft.Name: func(operands []*ast.Term) bool {
		by, ok := operands[1].Value.(ast.Number)
		n, exact := by.Int64()
		return ok && (!exact || n > 3*maxDigits) || digits(operands[0]) > maxDigits
	},
}

func digits(t *ast.Term) int {
	n, _ := t.Value.(ast.Number)
	return len(n)
}

// The functions of opa are the same for the whole process, of which this package is the only user of opa.
func init() {
	for name, over := range bounds {
		call := topdown.GetBuiltin(name)
		topdown.RegisterBuiltinFunc(name, func(bctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
			if over(operands) {
				message := fmt.Sprintf("%s: the result would have more than %d digits", name, maxDigits)
				return topdown.Halt{Err: &topdown.Error{Code: topdown.BuiltinErr, Message: message, Location: bctx.Location}}
			}
			return call(bctx, operands, iter)
		})
	}
}
