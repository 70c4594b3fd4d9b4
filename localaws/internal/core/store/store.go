// Package store keeps the records of all services: in memory, where they are
// read, and in one database file, so that a localaws that was killed comes back
// as it was. A change costs what it changed, however much there is.
//
// # How a service keeps its state
//
// A service has a collection for each kind of resource, and a Value for what
// there is one of. It makes them when it is made itself:
//
//	type state struct {
//		keys    *store.Collection[*key]  // by id
//		counter *store.Value[counters]
//	}
//
//	state{
//		keys:    store.NewCollection[*key](a.Records, "kms", "keys"),
//		counter: store.NewValue[counters](a.Records, "kms", "counters"),
//	}
//
// A record is anything that encodes as JSON; what JSON leaves out (unexported
// fields, fields tagged "-") is lost by a restart and by a rollback. Most records
// are pointers to structs, which are changed in place:
//
//	k, ok := s.keys.Get(id)     // to read only
//	k, ok := s.keys.Change(id)  // to change it: k.Description = "new"
//	s.keys.Put(k.ID, k)         // a new record, or k after it was read by Get,
//	                            // but before it is changed
//	s.keys.Delete(id)
//	for id, k := range s.keys.All() { ... }  // by id; may Put and Delete
//	for id, v := range s.versions.Prefix(k.ID + "/") { ... }  // those of one key
//
// The rule: Change or Put comes before the first change of a record's fields,
// its maps and its slices. That is all that a service does for its state to
// outlive the process. It costs nothing to mark a record that then stays as it
// is, so a service has two functions to find a resource: one for what reads, and
// one for what writes, which marks it:
//
//	func (s *Service) key(id string) (*key, error)     // Get, or a refusal
//	func (s *Service) change(id string) (*key, error)  // the same, and Change
//
// Nothing is deleted or moved forward on the way by what reads: a lookup skips
// what has expired, and an operation that writes, or a step, deletes it.
//
// Records of a value type (Collection[session]) are changed by Put alone. Records
// don't point at each other, but name each other by id: each is encoded by
// itself.
//
// Model services: kms (a step moves records on), sts (values), secretsmanager
// (lookups by several names), efs (several kinds of records).
//
// # Transactions
//
// The account runs every operation in a transaction (core.Account.Update): when
// the operation returns an error, or panics, all that it has put, changed and
// deleted is as it was before, in all services. Steps of the world commit as
// well (core.Account.Do). Operations that only read (wire.ReadOp) run in
// core.Account.View, where Put, Change and Delete panic.
//
// Whoever watches the account is told after every Update, and after a Do that
// changed a record, so steps need not call Changed.
//
// In unit tests (wiretest.NewAccount) the store verifies after each transaction
// that every record that was not marked by Put or Change still encodes as it
// did, and panics with the name of the record that does not. wiretest.Revive
// restarts a service in a test.
package store

import "fmt"

// Store holds the records of all collections. It has no lock of its own: the
// account's lock guards it.
type Store struct {
	tables map[string]table
	file   *File // nil: the records end with the process

	touched []table // those with marked records
	reading bool    // in View
	verify  bool
}

// table is a collection of records of any type.
type table interface {
	// encode returns what the transaction changed.
	encode() ([]change, error)
	// commit accepts these changes, and forgets what was before.
	commit(changes []change)
	// rollback puts back what was before the transaction.
	rollback()
	// verify panics unless all records are as they were committed.
	verify()
	// clear removes all records; load adds one that was committed.
	clear()
	load(id string, saved []byte) error
	// each calls f for every record as it was committed.
	each(f func(id string, saved []byte) error) error
}

// change is a record's new encoding; a nil value deletes the record.
type change struct {
	collection, id string
	value          []byte
}

// New returns a store without records, which ends with the process unless Load
// gives it a file.
func New() *Store { return &Store{tables: map[string]table{}} }

// Verify lets the store check after each transaction that no record changed
// without being marked. It costs time in proportion to all records.
func (s *Store) Verify() { s.verify = true }

// register adds a table; two of a name would overwrite each other's records.
func (s *Store) register(name string, t table) {
	if _, taken := s.tables[name]; taken {
		panic("store: two collections are called " + name)
	}
	s.tables[name] = t
}

// touch remembers that a table has marked records.
func (s *Store) touch(t table, name, id string) {
	if s.reading {
		panic(fmt.Sprintf("store: an operation that only reads changes %s %q", name, id))
	}
	s.touched = append(s.touched, t)
}

// View runs f, in which no record may be marked.
func (s *Store) View(f func()) {
	s.reading = true
	defer func() { s.reading = false }()
	f()
	s.check()
}

// Update runs an operation as a transaction: when f fails or panics, all records
// are put back. The Write is done when what changed is in the file; it is nil
// when nothing changed, or there is no file. changed reports whether any record
// did.
func (s *Store) Update(f func() error) (changed bool, written *Write, err error) {
	return s.transact(f)
}

// Step runs a step of what goes on by itself, as a transaction.
func (s *Store) Step(f func()) (changed bool, err error) {
	changed, _, err = s.transact(func() error { f(); return nil })
	return changed, err
}

func (s *Store) transact(f func() error) (changed bool, written *Write, err error) {
	if _, _, err := s.commit(); err != nil { // what was put outside of transactions
		return false, nil, err
	}
	defer s.rollback() // of nothing, after a commit
	if err = f(); err == nil {
		changed, written, err = s.commit()
	}
	if err != nil {
		s.rollback()
	}
	s.check()
	return changed, written, err
}

// commit encodes what changed, all of it before anything is accepted, and hands
// it to the file. The few records that a transaction changes are encoded under
// the account's lock: it takes microseconds, and nothing can change them
// meanwhile.
func (s *Store) commit() (changed bool, written *Write, err error) {
	byTable := make([][]change, len(s.touched))
	var all []change
	for i, t := range s.touched {
		if byTable[i], err = t.encode(); err != nil {
			return false, nil, err
		}
		all = append(all, byTable[i]...)
	}
	for i, t := range s.touched {
		t.commit(byTable[i])
	}
	s.touched = nil
	if len(all) == 0 || s.file == nil {
		return len(all) > 0, nil, nil
	}
	return true, s.file.add(all), nil
}

func (s *Store) rollback() {
	for _, t := range s.touched {
		t.rollback()
	}
	s.touched = nil
}

func (s *Store) check() {
	if !s.verify {
		return
	}
	for _, t := range s.tables {
		t.verify()
	}
}

// Load replaces all records by those in the file, after translate (nil: none)
// has changed them, and keeps them there from now on. restored is false where
// the file has none: then the records that services began with stay.
func (s *Store) Load(file *File, translate func(record []byte) []byte) (restored bool, err error) {
	s.file = file
	if empty, err := file.empty(); empty || err != nil {
		return false, err
	}
	for _, t := range s.tables {
		t.clear()
	}
	s.touched = nil
	var moved []change
	err = file.each(func(collection, id string, value []byte) error {
		t, known := s.tables[collection]
		if !known {
			return file.refuse("has records of %s, which this localaws does not know", collection)
		}
		to := change{collection: collection, id: id, value: value}
		if translate != nil {
			to = change{collection: collection, id: translateID(id, translate), value: translate(value)}
			moved = append(moved, moves(change{collection, id, value}, to)...)
		}
		if err := t.load(to.id, to.value); err != nil {
			return file.refuse("is damaged at %s %q (%v)", collection, id, err)
		}
		return nil
	})
	if err != nil {
		return false, err
	}
	if len(moved) > 0 {
		file.add(moved)
	}
	return true, nil
}

// Copy gives another store, which has the same collections, the records that
// this one has committed, as a restart does by the file.
func (s *Store) Copy(to *Store) error {
	if _, _, err := s.commit(); err != nil {
		return err
	}
	for name, t := range s.tables {
		into, known := to.tables[name]
		if !known {
			return fmt.Errorf("the other store has no collection %s", name)
		}
		into.clear()
		if err := t.each(into.load); err != nil {
			return fmt.Errorf("copying %s: %w", name, err)
		}
	}
	to.touched = nil
	return nil
}
