package exec

import (
	"context"

	"github.com/tdeproxy/tdeproxy/proxy/wire"
	"github.com/tdeproxy/tdeproxy/tde/plan"
)

// prepareLate answers COM_STMT_PREPARE of a statement that reads user variables whose values are here alone. A query is the
// evaluator's; what stores them is planned at each execution, with the values of then.
func (x *Session) prepareLate(ctx context.Context, st *statement) (err error) {
	st.sql = []byte(nothing)
	if uses := plan.UserVarsOf(st.src, st.mode); uses.Computes && !uses.Stores {
		st.late = false
		if st.plan, err = x.planEvaluate(ctx, st.src); err != nil {
			return err
		}
		if p, ok := st.plan.(*plan.Split); ok {
			return x.prepareSplit(ctx, st, p, false)
		}
		return x.run(ctx, st.plan, false)
	}
	return x.prepareUpstream(st)
}

// executeLate runs an execution as the text that it is with its parameters.
func (x *Session) executeLate(ctx context.Context, st *statement, params []wire.Param) error {
	if err := x.asPrepared(st.src, st.db, st.mode); err != nil {
		return err
	}
	if err := x.inline(params); err != nil {
		return err
	}
	text := withParams(st.src, st.literals, x.args.inlined)
	p, _, err := x.planFirst(ctx, text)
	if err != nil {
		return err
	}
	switch p.(type) {
	case *plan.PassThrough, *plan.Explain: // the latter's rows would be text
		return notSupported("this statement cannot be prepared now; send it as text")
	}
	return x.Run(ctx, p, text, false)
}

// withParams puts values in the places of a statement's parameters. Space keeps them apart from what is around.
func withParams(src []byte, literals []plan.Literal, values [][]byte) []byte {
	var text []byte
	last, n := 0, 0
	for _, l := range literals {
		if l.Kind != plan.LitParam {
			continue
		}
		text = append(append(append(append(text, src[last:l.Start]...), ' '), values[n]...), ' ')
		last, n = l.End, n+1
	}
	return append(text, src[last:]...)
}
