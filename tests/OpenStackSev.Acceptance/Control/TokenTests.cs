using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.OpenStack;

namespace OpenStackSev.Acceptance.Control;

/// <summary>Tokens of the real Keystone at the control plane: whatever is wrong with one is told by its code, and never lets anybody in.</summary>
public sealed class TokenTests(Stack stack, TokenTests.SharedControl shared) : IAsyncLifetime, IClassFixture<TokenTests.SharedControl>
{
    private const string User = "osev-token-test";
    private const string Password = "osev-token-test";

    private string user = "", project = "";

    private ControlPlane Control => shared.Control!;

    private static string AuthUrl { get; } = File.Exists(Stack.CloudsFile)
        ? CloudSettings.Load("osev", CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile)).AuthUrl.AbsoluteUri.TrimEnd('/')
        : "";

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        RealCloud cloud = stack.Cloud;
        await DeleteAsync(cloud);
        user = (string)(await cloud.SendAsync(HttpMethod.Post, "identity", "/users",
            JsonNode.Parse($$$"""{"user":{"name":"{{{User}}}","password":"{{{Password}}}","domain_id":"default"}}""")))!["user"]!["id"]!;
        project = (string)(await cloud.SendAsync(HttpMethod.Post, "identity", "/projects",
            JsonNode.Parse($$$"""{"project":{"name":"{{{User}}}","domain_id":"default"}}""")))!["project"]!["id"]!;
    }

    public async ValueTask DisposeAsync() => await DeleteAsync(stack.Cloud);

    [Fact]
    public async Task Nobody_without_a_token_gets_more_than_versions_and_health()
    {
        using HttpClient client = Control.Client();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/", Ct)).StatusCode);
        Assert.Equal("OK", await client.GetStringAsync("/healthcheck", Ct));
        foreach (string path in new[] { "/v1/hosts", "/v1/audits", "/v1/nowhere", "/openapi/v1.json" })
            Assert.Equal((401, "attestation.token.missing"), await AskAsync(path, null));
        using HttpResponseMessage refused = await client.GetAsync("/v1/hosts", Ct);
        Assert.StartsWith("Keystone uri=\"http", refused.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_good_token_of_a_reader_is_taken_and_one_of_a_wrong_role_or_project_is_not()
    {
        await GrantAsync("reader");
        string reader = await IssueAsync();
        Assert.Equal((200, null), await ValidateAsync(reader));
        Assert.Equal((403, "attestation.forbidden"), await AskAsync("/v1/hosts", reader));
        await GrantAsync("heat_stack_user");
        await RevokeAsync("reader");
        string stranger = await IssueAsync();
        Assert.Equal((403, "attestation.forbidden"), await ValidateAsync(stranger));
    }

    [Fact]
    public async Task A_revoked_token_is_refused()
    {
        await GrantAsync("reader");
        string token = await IssueAsync();
        using var http = new HttpClient();
        using var revocation = new HttpRequestMessage(HttpMethod.Delete, AuthUrl + "/auth/tokens");
        revocation.Headers.Add("X-Auth-Token", token);
        revocation.Headers.Add("X-Subject-Token", token);
        (await http.SendAsync(revocation, Ct)).EnsureSuccessStatusCode();
        Assert.Equal((401, "attestation.token.invalid"), await ValidateAsync(token));
    }

    [Fact]
    public async Task A_token_whose_role_was_taken_away_is_refused()
    {
        await GrantAsync("reader");
        string token = await IssueAsync();
        await RevokeAsync("reader");
        (int status, _) = await ValidateAsync(token);
        Assert.True(status is 401 or 403, $"{status}");
    }

    [Fact]
    public async Task An_expired_token_is_refused()
    {
        await GrantAsync("reader");
        string token = await IssueAsync();
        string expired = FernetToken.Expired(token) ?? throw new InvalidDataException("no key of the lab's made this token");
        Assert.Equal((401, "attestation.token.invalid"), await ValidateAsync(expired));
        Assert.Equal((200, null), await ValidateAsync(token));
    }

    [Theory]
    [InlineData("garbage")]
    [InlineData("gAAAAABinvented")]
    [InlineData("../../v3/users")]
    [InlineData("%00")]
    public async Task Garbage_is_refused(string token) => Assert.Equal((401, "attestation.token.invalid"), await ValidateAsync(token));

    [Fact]
    public async Task A_token_of_a_megabyte_is_refused_and_the_service_goes_on()
    {
        int? status = null;
        try
        {
            (status, _) = await ValidateAsync(new string('A', 1024 * 1024));
        }
        catch (HttpRequestException)
        {
            // The connection was closed while the rest was still being sent.
        }

        Assert.True(status is null or 431, $"{status}");
        Assert.Equal((401, "attestation.token.invalid"), await ValidateAsync(new string('A', 16 * 1024)));
        await GrantAsync("reader");
        Assert.Equal((200, null), await ValidateAsync(await IssueAsync()));
    }

    [Fact]
    public async Task The_cloud_is_audited_and_explained_over_HTTP_for_an_administrator()
    {
        using HttpClient client = Control.Client();
        CloudSettings settings = CloudSettings.Load("osev", CloudEnvironment.OfProcess().With("OS_CLIENT_CONFIG_FILE", Stack.CloudsFile));
        string admin = await IssueAsync(settings.Username!, settings.Password!, settings.ProjectName!);
        string flavor = await stack.Cloud.FlavorAsync("sev.over-http", ("hw:mem_encryption", "true"));
        await stack.Cloud.ImageAsync("over-http", ("hw_firmware_type", "bios"));
        (int status, JsonNode? validation) = await SendAsync(client, HttpMethod.Post, "/v1/validations", admin,
            new JsonObject { ["flavor"] = flavor, ["image"] = "over-http" });
        Assert.Equal(200, status);
        Assert.Contains(validation!["findings"]!.AsArray(), finding => (string)finding!["level"]! == "error");

        (status, JsonNode? explanation) = await SendAsync(client, HttpMethod.Post, "/v1/explanations", admin,
            new JsonObject { ["flavor"] = "sev.over-http", ["image"] = "over-http" });
        Assert.Equal(200, status);
        Assert.NotNull(explanation!["hosts"]!["summary"]);

        (status, JsonNode? accepted) = await SendAsync(client, HttpMethod.Post, "/v1/audits", admin, new JsonObject());
        Assert.Equal(202, status);
        JsonNode? audit = null;
        await RealCloud.EventuallyAsync(async () =>
        {
            (_, audit) = await SendAsync(client, HttpMethod.Get, "/v1/audits/" + accepted!["audit"]!["id"], admin, null);
            return (string?)audit!["audit"]!["status"] is "done" or "failed";
        }, () => "the audit does not end");
        Assert.Equal("done", (string?)audit!["audit"]!["status"]);
        Assert.True((int)audit["audit"]!["result"]!["flavors"]! >= 1);
    }

    private static async Task DeleteAsync(RealCloud cloud)
    {
        foreach ((string list, string one) in new[] { ("users", User), ("projects", User) })
        {
            foreach (JsonNode? found in (await cloud.GetAsync("identity", $"/{list}?name={one}"))![list]!.AsArray())
                await cloud.SendAsync(HttpMethod.Delete, "identity", $"/{list}/{found!["id"]}");
        }
    }

    private async Task GrantAsync(string role) =>
        await stack.Cloud.SendAsync(HttpMethod.Put, "identity", $"/projects/{project}/users/{user}/roles/{await RoleAsync(role)}");

    private async Task RevokeAsync(string role) =>
        await stack.Cloud.SendAsync(HttpMethod.Delete, "identity", $"/projects/{project}/users/{user}/roles/{await RoleAsync(role)}");

    private async Task<string> RoleAsync(string name)
    {
        JsonArray found = (await stack.Cloud.GetAsync("identity", "/roles?name=" + name))!["roles"]!.AsArray();
        return found.Count > 0 ? (string)found[0]!["id"]!
            : (string)(await stack.Cloud.SendAsync(HttpMethod.Post, "identity", "/roles", new JsonObject { ["role"] = new JsonObject { ["name"] = name } }))!["role"]!["id"]!;
    }

    private static Task<string> IssueAsync() => IssueAsync(User, Password, User);

    private static async Task<string> IssueAsync(string name, string password, string projectName)
    {
        using var http = new HttpClient();
        JsonNode body = JsonNode.Parse("""
            {"auth":{"identity":{"methods":["password"],"password":{"user":{"domain":{"id":"default"}}}},"scope":{"project":{"domain":{"id":"default"}}}}}
            """)!;
        JsonNode asker = body["auth"]!["identity"]!["password"]!["user"]!;
        (asker["name"], asker["password"], body["auth"]!["scope"]!["project"]!["name"]) = (name, password, projectName);
        // With a length: uwsgi reads a chunked body as an empty one.
        using var content = new StringContent(body.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await http.PostAsync(AuthUrl + "/auth/tokens", content, Ct);
        response.EnsureSuccessStatusCode();
        return response.Headers.GetValues("X-Subject-Token").Single();
    }

    private async Task<(int Status, string? Code)> AskAsync(string path, string? token)
    {
        using HttpClient client = Control.Client();
        (int status, JsonNode? body) = await SendAsync(client, HttpMethod.Get, path, token, null);
        return (status, (string?)body?["errors"]?[0]?["code"]);
    }

    /// <summary>What any reader may do, and asks no other service.</summary>
    private async Task<(int Status, string? Code)> ValidateAsync(string token)
    {
        using HttpClient client = Control.Client();
        (int status, JsonNode? body) = await SendAsync(client, HttpMethod.Post, "/v1/validations", token, JsonNode.Parse(
            """{"release":"zed","flavor":{"name":"f","extra_specs":{}},"image":{"name":"i"}}"""));
        return (status, (string?)body?["errors"]?[0]?["code"]);
    }

    private static async Task<(int Status, JsonNode? Body)> SendAsync(HttpClient client, HttpMethod method, string path, string? token, JsonNode? body)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body is null ? null : JsonContent.Create(body) };
        if (token is not null)
            request.Headers.TryAddWithoutValidation("X-Auth-Token", token);
        using HttpResponseMessage response = await client.SendAsync(request, Ct);
        string text = await response.Content.ReadAsStringAsync(Ct);
        return ((int)response.StatusCode, text.Length > 0 && text[0] is '{' or '[' ? JsonNode.Parse(text) : null);
    }

    /// <summary>One for all of them: each has a user of its own.</summary>
    public sealed class SharedControl(Stack stack) : IAsyncLifetime
    {
        public ControlPlane? Control { get; private set; }

        public async ValueTask InitializeAsync() => Control = stack.IsThere ? await ControlPlane.StartAsync() : null;

        public async ValueTask DisposeAsync()
        {
            if (Control is not null)
                await Control.DisposeAsync();
        }
    }
}
