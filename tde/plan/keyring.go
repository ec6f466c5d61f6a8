package plan

// Keyring is a statement about the master key, which is the proxy's: ALTER INSTANCE ROTATE INNODB MASTER KEY, or RELOAD KEYRING.
type Keyring struct{ Reload bool }

func (*Keyring) plan() {}

// String implements Plan.
func (p *Keyring) String() string {
	if p.Reload {
		return "Keyring reload"
	}
	return "Keyring rotate"
}

// keyring plans a statement that begins with ALTER INSTANCE; nil where it is about something else.
func (h *head) keyring() Plan {
	for _, form := range [...]struct {
		words []string
		plan  Keyring
	}{
		{[]string{"ALTER", "INSTANCE", "ROTATE", "INNODB", "MASTER", "KEY"}, Keyring{}},
		{[]string{"ALTER", "INSTANCE", "RELOAD", "KEYRING"}, Keyring{Reload: true}},
	} {
		same := len(h.tokens) == len(form.words)
		for i, w := range form.words {
			same = same && h.word(i) == w
		}
		if same {
			return &Keyring{Reload: form.plan.Reload}
		}
	}
	return nil
}
