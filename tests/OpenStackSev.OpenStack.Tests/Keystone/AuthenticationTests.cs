using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Tests.Fakes;

namespace OpenStackSev.OpenStack.Tests.Keystone;

public sealed class AuthenticationTests : IDisposable
{
    private readonly FakeCloud _cloud = new();

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public Task A_password_by_name_names_its_domain() => Sends(_cloud.Settings, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"operator","password":"hunter2-password","domain":{"id":"default"}}}},
        "scope":{"project":{"name":"admin","domain":{"id":"default"}}}}}
        """);

    [Fact]
    public Task A_password_by_id_needs_no_domain() => Sends(
        _cloud.Settings with { UserId = "u1", Username = "ignored", ProjectId = "p1", ProjectName = "ignored" }, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u1","password":"hunter2-password"}}},"scope":{"project":{"id":"p1"}}}}
        """);

    [Fact]
    public Task Domains_may_be_named() => Sends(
        _cloud.Settings with { UserDomainId = null, UserDomainName = "Users", ProjectDomainId = null, ProjectDomainName = "Projects" }, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"name":"operator","password":"hunter2-password","domain":{"name":"Users"}}}},
        "scope":{"project":{"name":"admin","domain":{"name":"Projects"}}}}}
        """);

    [Fact]
    public Task A_token_may_be_for_a_domain() => Sends(
        _cloud.Settings with { UserId = "u1", ProjectName = null, ProjectDomainId = null, DomainId = "d1" }, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u1","password":"hunter2-password"}}},"scope":{"domain":{"id":"d1"}}}}
        """);

    [Fact]
    public Task A_token_may_be_for_the_system() => Sends(
        _cloud.Settings with { UserId = "u1", ProjectName = null, ProjectDomainId = null, SystemScope = "all" }, """
        {"auth":{"identity":{"methods":["password"],"password":{"user":{"id":"u1","password":"hunter2-password"}}},"scope":{"system":{"all":true}}}}
        """);

    [Fact]
    public Task A_token_is_exchanged_for_one_of_the_project() => Sends(
        _cloud.Settings with { AuthType = CloudAuthType.Token, Token = "t1", Password = null, Username = null }, """
        {"auth":{"identity":{"methods":["token"],"token":{"id":"t1"}},"scope":{"project":{"name":"admin","domain":{"id":"default"}}}}}
        """);

    [Fact]
    public Task An_application_credential_by_id_has_neither_user_nor_scope() => Sends(
        _cloud.Settings with
        {
            AuthType = CloudAuthType.ApplicationCredential,
            ApplicationCredentialId = "a1",
            ApplicationCredentialName = "ignored",
            ApplicationCredentialSecret = "s1",
        }, """
        {"auth":{"identity":{"methods":["application_credential"],"application_credential":{"id":"a1","secret":"s1"}}}}
        """);

    [Fact]
    public Task An_application_credential_by_name_has_its_user() => Sends(
        _cloud.Settings with { AuthType = CloudAuthType.ApplicationCredential, ApplicationCredentialName = "agent", ApplicationCredentialSecret = "s1" }, """
        {"auth":{"identity":{"methods":["application_credential"],"application_credential":{"name":"agent","secret":"s1",
        "user":{"name":"operator","domain":{"id":"default"}}}}}}
        """);

    [Fact]
    public async Task The_token_says_who_and_what_it_is()
    {
        using OpenStackConnection connection = _cloud.Open();
        var token = await connection.TokenAsync(TestContext.Current.CancellationToken);
        Assert.Equal(("admin", FakeCloud.Project), (token.User.Name, token.Project?.Id));
        Assert.Contains(token.Roles, role => role.Name == "admin");
        Assert.Contains(token.Catalog, service => service.Type == "placement");
        Assert.Equal(1, connection.RequestCount);
    }

    private async Task Sends(CloudSettings settings, string body)
    {
        using OpenStackConnection connection = _cloud.Open(settings: settings);
        await connection.TokenAsync(TestContext.Current.CancellationToken);
        var request = Assert.Single(_cloud.Asked());
        Assert.Equal(("POST", "/identity/v3/auth/tokens"), (request.Method, request.Path));
        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(request.Body!)), request.Body);
        // uwsgi takes a body in chunks for an empty one.
        Assert.Equal(request.BodyAsBytes!.Length.ToString(), FakeCloud.Header(request, "Content-Length"));
        Assert.Null(FakeCloud.Header(request, "Transfer-Encoding"));
        Assert.Null(FakeCloud.Header(request, "X-Auth-Token"));
    }
}
