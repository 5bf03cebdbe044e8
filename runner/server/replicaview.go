package server

import (
	"strings"
	"time"

	"github.com/driftlessops/driftless/runner"
)

// ReplicaView is a process of driftless on a database of several, as the API shows it.
type ReplicaView struct {
	ID        string    `json:"id"`
	Host      string    `json:"host"`
	Kind      string    `json:"kind"` // "serve", "worker" or "stopping"
	Version   string    `json:"version,omitempty"`
	Alive     bool      `json:"alive"`            // it holds its lease
	Takes     []string  `json:"labels,omitempty"` // of which workspaces it takes runs; empty = all
	Leads     []string  `json:"leads"`            // repository blocks that it polls and reports
	WorksOn   []int64   `json:"works_on"`         // runs
	StartedAt time.Time `json:"started_at"`
	SeenAt    time.Time `json:"seen_at"`
}

// replicaViews shows all replicas, also those that went away within a day. On a database of a single process there are none.
func replicaViews(tx runner.Tx) ([]ReplicaView, error) {
	all, err := tx.Replicas()
	if err != nil || len(all) == 0 {
		return []ReplicaView{}, err
	}
	at, err := tx.Clock()
	if err != nil {
		return nil, err
	}
	leases, err := tx.Leases()
	if err != nil {
		return nil, err
	}
	runs, err := runner.AtWork(tx)
	if err != nil {
		return nil, err
	}
	return views(all, func(r runner.Replica) ReplicaView {
		v := ReplicaView{
			ID: r.ID, Host: r.Host, Kind: r.Kind, Version: r.Version, Alive: r.LeaseUntil.After(at), Takes: r.Takes,
			Leads: []string{}, WorksOn: []int64{}, StartedAt: r.StartedAt, SeenAt: r.SeenAt,
		}
		for _, l := range leases {
			if name, ok := strings.CutPrefix(l.Name, "repository/"); ok && l.Owner == r.ID && l.Until.After(at) {
				v.Leads = append(v.Leads, name)
			}
		}
		for _, run := range runs {
			if run.Owner == r.ID {
				v.WorksOn = append(v.WorksOn, run.ID)
			}
		}
		return v
	}), nil
}
