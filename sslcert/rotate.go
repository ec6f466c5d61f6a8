package sslcert

import (
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
)

// ErrStep says that another step of a CA's rotation is next.
var ErrStep = errors.New("not the next step of the CA's rotation")

// The steps in which a CA is replaced without a client that fails to verify the server. Between the first two the new
// ca.pem goes to all clients; between the last two those who have a client certificate get a new one.
const (
	StepTrust = 1 // ca.pem holds the new CA beside the old one
	StepIssue = 2 // the server's certificate is of the new CA
	StepDrop  = 3 // ca.pem holds the new CA alone
)

// Rotation is how far a CA's rotation has come.
type Rotation struct {
	Next int               // the step that is next; StepTrust where no rotation is under way
	Old  *x509.Certificate // the CA that goes, nil where none does
	New  *x509.Certificate // the CA that stays
}

// Rotation reads how far the CA's rotation has come from the key files that are there. It changes nothing.
func (a *Authority) Rotation() (Rotation, error) {
	files, err := a.folder.view()
	if err != nil {
		return Rotation{}, err
	}
	defer files.wipe()
	return a.rotation(files)
}

func (a *Authority) rotation(files set) (Rotation, error) {
	bundle, err := parseCertificates(files[CAFile])
	if err != nil {
		return Rotation{}, fmt.Errorf("%s: %w", CAFile, err)
	}
	r := Rotation{Next: StepTrust}
	oldKey, newKey := "", CAKeyFile
	switch {
	case files[NextCAKeyFile] != nil:
		r.Next, oldKey, newKey = StepIssue, CAKeyFile, NextCAKeyFile
	case files[OldCAKeyFile] != nil:
		r.Next, oldKey = StepDrop, OldCAKeyFile
	}
	for name, to := range map[string]**x509.Certificate{oldKey: &r.Old, newKey: &r.New} {
		if name == "" || name == CAKeyFile && files[name] == nil {
			continue // the key may be kept elsewhere
		}
		ca, err := openSigner(files[name], bundle)
		if err != nil {
			return Rotation{}, fmt.Errorf("%s: %w", name, err)
		}
		*to = ca.cert
	}
	return r, nil
}

// Rotate takes a step of the CA's rotation, 0 being the next one. A step that has been taken already changes nothing;
// one that is not next is ErrStep. Names are further ones that the server's certificate has to be valid for. It
// returns how far the rotation has come then.
func (a *Authority) Rotate(step int, names []string) (Rotation, error) {
	var after Rotation
	err := a.folder.edit(func(old set) (set, error) {
		r, err := a.rotation(old)
		if err != nil {
			return nil, err
		}
		if step == 0 {
			step = r.Next
		}
		if step < r.Next {
			after = r
			return nil, nil
		}
		if step > r.Next {
			return nil, fmt.Errorf("%w: step %d is next", ErrStep, r.Next)
		}
		var changes set
		switch step {
		case StepTrust:
			changes, err = a.trustNext(old)
		case StepIssue:
			changes, err = a.issueFromNext(old, names)
		case StepDrop:
			changes, err = a.dropOld(old)
		}
		if err != nil {
			return nil, err
		}
		after, err = a.rotation(apply(old, changes))
		return changes, err
	})
	return after, err
}

// apply returns the files as they are after the changes.
func apply(files, changes set) set {
	after := set{}
	for _, name := range managed() {
		data, changed := changes[name]
		if !changed {
			data = files[name]
		}
		if data != nil {
			after[name] = data
		}
	}
	return after
}

// trustNext makes the new CA and adds it to the bundle.
func (a *Authority) trustNext(old set) (set, error) {
	ca, bundle, err := a.find(old, CAKeyFile)
	if err != nil {
		return nil, err
	}
	if _, err := a.ours(old[ServerCertFile], ca); err != nil {
		return nil, err
	}
	next, err := newSigner(a.now())
	if err != nil {
		return nil, err
	}
	key, err := keyPEM(next.key)
	if err != nil {
		return nil, err
	}
	return set{CAFile: bundlePEM(append(bundle, next.cert)), NextCAKeyFile: key}, nil
}

// issueFromNext makes the new CA the one that issues, and has it issue the server's certificate and the folder's own
// client certificate.
func (a *Authority) issueFromNext(old set, names []string) (set, error) {
	ca, _, err := a.find(old, CAKeyFile)
	if err != nil {
		return nil, err
	}
	next, bundle, err := a.open(old, NextCAKeyFile)
	if err != nil {
		return nil, err
	}
	leaf, err := a.ours(old[ServerCertFile], ca)
	if err != nil {
		return nil, err
	}
	changes := set{
		CAKeyFile: slices.Clone(old[NextCAKeyFile]), NextCAKeyFile: nil, OldCAKeyFile: slices.Clone(old[CAKeyFile]),
	}
	if _, err := a.server(changes, next, bundle, append(Names(leaf), names...)); err != nil {
		return nil, err
	}
	if old[ClientCertFile] == nil || old[ClientKeyFile] == nil {
		return changes, nil
	}
	client, err := parseCertificates(old[ClientCertFile])
	if err != nil || client[0].CheckSignatureFrom(ca.cert) != nil {
		return changes, nil // it is somebody else's
	}
	changes[ClientCertFile], changes[ClientKeyFile], err = next.issue(clientTemplate(client[0].Subject.CommonName, a.now()))
	return changes, err
}

// dropOld takes the old CA out of the bundle, and what it has revoked out of the list.
func (a *Authority) dropOld(old set) (set, error) {
	ca, bundle, err := a.open(old, CAKeyFile)
	if err != nil {
		return nil, err
	}
	gone, err := parseKey(old[OldCAKeyFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", OldCAKeyFile, err)
	}
	if _, err := a.ours(old[ServerCertFile], ca); err != nil {
		return nil, err
	}
	bundle = slices.DeleteFunc(bundle, func(cert *x509.Certificate) bool { return samePublicKey(cert, gone.Public()) })
	changes := set{CAFile: bundlePEM(bundle), OldCAKeyFile: nil}
	if old[CRLFile] == nil {
		return changes, nil
	}
	lists, err := parseCRLs(old[CRLFile])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", CRLFile, err)
	}
	lists = slices.DeleteFunc(lists, func(list *x509.RevocationList) bool {
		return !slices.ContainsFunc(bundle, func(cert *x509.Certificate) bool { return list.CheckSignatureFrom(cert) == nil })
	})
	if len(lists) == 0 { // the configuration may name the file
		list, err := a.newList(ca, nil, nil)
		if err != nil {
			return nil, err
		}
		lists = append(lists, list)
	}
	changes[CRLFile] = listsPEM(lists)
	return changes, nil
}
