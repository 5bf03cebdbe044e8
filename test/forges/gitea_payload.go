package forges

import "time"

// The bodies of Gitea's answers, as far as a program that works on pull requests can meet them. They are written down here
// and not taken from the SDK, so that a mistake in the one is not repaired by the same mistake in the other.

type giteaUser struct {
	ID        int64     `json:"id"`
	Login     string    `json:"login"`
	LoginName string    `json:"login_name"`
	FullName  string    `json:"full_name"`
	Email     string    `json:"email"`
	AvatarURL string    `json:"avatar_url"`
	HTMLURL   string    `json:"html_url"`
	IsAdmin   bool      `json:"is_admin"`
	Created   time.Time `json:"created"`
	Active    bool      `json:"active"`
}

type giteaPermission struct {
	Admin bool `json:"admin"`
	Push  bool `json:"push"`
	Pull  bool `json:"pull"`
}

type giteaRepository struct {
	ID               int64           `json:"id"`
	Owner            *giteaUser      `json:"owner"`
	Name             string          `json:"name"`
	FullName         string          `json:"full_name"`
	Empty            bool            `json:"empty"`
	Private          bool            `json:"private"`
	Fork             bool            `json:"fork"`
	Archived         bool            `json:"archived"`
	HTMLURL          string          `json:"html_url"`
	URL              string          `json:"url"`
	CloneURL         string          `json:"clone_url"`
	SSHURL           string          `json:"ssh_url"`
	DefaultBranch    string          `json:"default_branch"`
	CreatedAt        time.Time       `json:"created_at"`
	UpdatedAt        time.Time       `json:"updated_at"`
	Permissions      giteaPermission `json:"permissions"`
	HasIssues        bool            `json:"has_issues"`
	HasPullRequests  bool            `json:"has_pull_requests"`
	HasCode          bool            `json:"has_code"`
	AllowMerge       bool            `json:"allow_merge_commits"`
	AllowRebase      bool            `json:"allow_rebase"`
	AllowSquash      bool            `json:"allow_squash_merge"`
	ObjectFormatName string          `json:"object_format_name"`
}

type giteaLabel struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Exclusive   bool   `json:"exclusive"`
	IsArchived  bool   `json:"is_archived"`
	Color       string `json:"color"` // without a #
	Description string `json:"description"`
	URL         string `json:"url"`
}

type giteaPullMeta struct {
	Merged   bool       `json:"merged"`
	MergedAt *time.Time `json:"merged_at"`
	Draft    bool       `json:"draft"`
	HTMLURL  string     `json:"html_url"`
}

type giteaRepositoryMeta struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Owner    string `json:"owner"`
	FullName string `json:"full_name"`
}

type giteaIssue struct {
	ID          int64               `json:"id"`
	URL         string              `json:"url"`
	HTMLURL     string              `json:"html_url"`
	Number      int64               `json:"number"`
	User        *giteaUser          `json:"user"`
	Title       string              `json:"title"`
	Body        string              `json:"body"`
	Labels      []giteaLabel        `json:"labels"`
	Milestone   *struct{}           `json:"milestone"`
	Assignees   []*giteaUser        `json:"assignees"`
	State       string              `json:"state"`
	IsLocked    bool                `json:"is_locked"`
	Comments    int                 `json:"comments"`
	CreatedAt   time.Time           `json:"created_at"`
	UpdatedAt   time.Time           `json:"updated_at"`
	ClosedAt    *time.Time          `json:"closed_at"`
	DueDate     *time.Time          `json:"due_date"`
	PullRequest *giteaPullMeta      `json:"pull_request"`
	Repository  giteaRepositoryMeta `json:"repository"`
}

type giteaBranch struct {
	Label  string           `json:"label"`
	Ref    string           `json:"ref"`
	SHA    string           `json:"sha"`
	RepoID int64            `json:"repo_id"`
	Repo   *giteaRepository `json:"repo"`
}

type giteaPull struct {
	ID             int64        `json:"id"`
	URL            string       `json:"url"`
	Number         int64        `json:"number"`
	User           *giteaUser   `json:"user"`
	Title          string       `json:"title"`
	Body           string       `json:"body"`
	Labels         []giteaLabel `json:"labels"`
	State          string       `json:"state"`
	Draft          bool         `json:"draft"`
	IsLocked       bool         `json:"is_locked"`
	Comments       int          `json:"comments"`
	HTMLURL        string       `json:"html_url"`
	DiffURL        string       `json:"diff_url"`
	PatchURL       string       `json:"patch_url"`
	Mergeable      bool         `json:"mergeable"`
	Merged         bool         `json:"merged"`
	MergedAt       *time.Time   `json:"merged_at"`
	MergeCommitSHA *string      `json:"merge_commit_sha"`
	MergedBy       *giteaUser   `json:"merged_by"`
	Base           giteaBranch  `json:"base"`
	Head           giteaBranch  `json:"head"`
	MergeBase      string       `json:"merge_base"`
	CreatedAt      time.Time    `json:"created_at"`
	UpdatedAt      time.Time    `json:"updated_at"`
	ClosedAt       *time.Time   `json:"closed_at"`
}

type giteaComment struct {
	ID             int64      `json:"id"`
	HTMLURL        string     `json:"html_url"`
	PullRequestURL string     `json:"pull_request_url"` // "" on an issue
	IssueURL       string     `json:"issue_url"`        // "" on a pull request
	User           *giteaUser `json:"user"`
	Body           string     `json:"body"`
	Assets         []struct{} `json:"assets"`
	CreatedAt      time.Time  `json:"created_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
}

type giteaReview struct {
	ID             int64      `json:"id"`
	User           *giteaUser `json:"user"`
	Team           *giteaTeam `json:"team"`
	State          string     `json:"state"`
	Body           string     `json:"body"`
	CommitID       string     `json:"commit_id"`
	Stale          bool       `json:"stale"`
	Official       bool       `json:"official"`
	Dismissed      bool       `json:"dismissed"`
	CommentsCount  int        `json:"comments_count"`
	SubmittedAt    time.Time  `json:"submitted_at"`
	UpdatedAt      time.Time  `json:"updated_at"`
	HTMLURL        string     `json:"html_url"`
	PullRequestURL string     `json:"pull_request_url"`
}

type giteaStatus struct {
	ID          int64      `json:"id"`
	Status      string     `json:"status"`
	TargetURL   string     `json:"target_url"`
	Description string     `json:"description"`
	URL         string     `json:"url"`
	Context     string     `json:"context"`
	Creator     *giteaUser `json:"creator"`
	CreatedAt   time.Time  `json:"created_at"`
	UpdatedAt   time.Time  `json:"updated_at"`
}

type giteaCombinedStatus struct {
	State      string           `json:"state"`
	SHA        string           `json:"sha"`
	TotalCount int              `json:"total_count"`
	Statuses   []giteaStatus    `json:"statuses"`
	Repository *giteaRepository `json:"repository"`
	CommitURL  string           `json:"commit_url"`
	URL        string           `json:"url"`
}

type giteaReaction struct {
	User      *giteaUser `json:"user"`
	Content   string     `json:"content"`
	CreatedAt time.Time  `json:"created_at"`
}

type giteaOrganization struct {
	ID         int64  `json:"id"`
	Name       string `json:"name"`
	FullName   string `json:"full_name"`
	Username   string `json:"username"`
	Visibility string `json:"visibility"`
}

type giteaTeam struct {
	ID           int64              `json:"id"`
	Name         string             `json:"name"`
	Description  string             `json:"description"`
	Organization *giteaOrganization `json:"organization"`
	Permission   string             `json:"permission"`
	Units        []string           `json:"units"`
	UnitsMap     map[string]string  `json:"units_map"`
}
