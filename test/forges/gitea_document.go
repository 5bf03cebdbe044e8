package forges

import (
	"fmt"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// giteaDocument adds to Gitea's description of its API what that leaves out.
func giteaDocument(doc *openapi3.T) {
	giteaClosed(doc)
	giteaNulls(doc)
	giteaMergeForm(doc)
	giteaErrors(doc)
	giteaCombinedState(doc)
	giteaUserRepositories(doc)
}

// giteaClosed allows no fields but the described ones: the description is generated from Gitea's structs, so another name is
// a misspelt one.
func giteaClosed(doc *openapi3.T) {
	no := false
	for _, ref := range doc.Components.Schemas {
		if len(ref.Value.Properties) > 0 {
			ref.Value.AdditionalProperties.Has = &no
		}
	}
}

// giteaNulls says where null may stand. Swagger 2.0 has no word for it: in answers these are the pointers, lists and times
// of Gitea's structs, in requests whatever is optional, which the decoder takes for left out.
func giteaNulls(doc *openapi3.T) {
	for name, ref := range doc.Components.Schemas {
		option := strings.HasSuffix(name, "Option") || strings.HasSuffix(name, "Options")
		required := map[string]bool{}
		for _, p := range ref.Value.Required {
			required[p] = true
		}
		for p, property := range ref.Value.Properties {
			switch {
			case required[p]:
			case property.Ref != "":
				ref.Value.Properties[p] = openapi3.NewSchemaRef("", &openapi3.Schema{AllOf: openapi3.SchemaRefs{property}, Nullable: true})
			case option, property.Value.Type.Is("array"), property.Value.Format == "date-time", p == "merge_commit_sha":
				property.Value.Nullable = true
			}
		}
	}
	// The list of a comment's reactions is a nil slice as long as there are none.
	list := doc.Components.Responses["ReactionList"].Value.Content["application/json"].Schema
	list.Value.Nullable = true
}

// giteaMergeForm also names the fields of a merge as every version before 1.26 did, and as the SDK still does; Gitea decodes both.
func giteaMergeForm(doc *openapi3.T) {
	form := doc.Components.Schemas["MergePullRequestOption"].Value
	form.Required = nil
	for older, name := range map[string]string{
		"Do": "do", "MergeTitleField": "merge_title_field", "MergeMessageField": "merge_message_field", "MergeCommitID": "merge_commit_id",
	} {
		form.Properties[older] = form.Properties[name]
	}
	either := func(name string) *openapi3.SchemaRef {
		return openapi3.NewSchemaRef("", &openapi3.Schema{Required: []string{name}})
	}
	form.AnyOf = openapi3.SchemaRefs{either("do"), either("Do")}
}

// giteaErrors gives all operations what any of them may answer: the sign-in, the scope of the token, a form that cannot be
// read, a repository in an archive, and the proxy in front are the router's business, and not described at the operations.
func giteaErrors(doc *openapi3.T) {
	schema := openapi3.NewSchemaRef("", openapi3.NewObjectSchema().
		WithProperty("message", openapi3.NewStringSchema()).WithProperty("url", openapi3.NewStringSchema()).
		WithRequired([]string{"message"}))
	answer := &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("error").WithJSONSchemaRef(schema)}
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			for _, status := range []int{400, 401, 403, 404, 409, 412, 422, 423} {
				if operation.Responses.Status(status) == nil {
					operation.Responses.Set(fmt.Sprint(status), answer)
				}
			}
			operation.Responses.Set("429", &openapi3.ResponseRef{Value: openapi3.NewResponse().WithDescription("the proxy's")})
		}
	}
}

// giteaCombinedState allows the empty state: a commit without statuses has a combined status with nothing in it.
func giteaCombinedState(doc *openapi3.T) {
	state := doc.Components.Schemas["CombinedStatus"].Value.Properties["state"].Value
	state.Enum = append(state.Enum, "")
}

// giteaUserRepositories adds the repositories of a person, which the excerpt leaves out: they are answered as an organisation's.
func giteaUserRepositories(doc *openapi3.T) {
	const of, like = "/users/{username}/repos", "/orgs/{org}/repos"
	if doc.Paths.Find(of) != nil {
		return
	}
	get := *doc.Paths.Find(like).Get
	get.OperationID = "userListRepos"
	get.Parameters = nil
	for _, p := range doc.Paths.Find(like).Get.Parameters {
		if p.Value != nil && p.Value.Name == "org" {
			renamed := *p.Value
			renamed.Name = "username"
			p = &openapi3.ParameterRef{Value: &renamed}
		}
		get.Parameters = append(get.Parameters, p)
	}
	doc.Paths.Set(of, &openapi3.PathItem{Get: &get})
}
