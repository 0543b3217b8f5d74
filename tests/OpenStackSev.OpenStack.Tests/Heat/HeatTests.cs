using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using OpenStackSev.OpenStack.Heat;
using OpenStackSev.OpenStack.Tests.Fakes;
using WireMock;
using WireMock.Util;

namespace OpenStackSev.OpenStack.Tests.Heat;

public sealed class HeatTests : IDisposable
{
    private const string Tokens = "/identity/v3/auth/tokens";

    /// <summary>As README.md says.</summary>
    private const int MostKept = 128;

    private static readonly Guid s_stack = Guid.Parse("466f702e-0e1b-4e67-a671-2fa421982b87");
    private readonly FakeCloud _cloud = new();

    public HeatTests()
    {
        _cloud.Catalog = catalog => catalog.RemoveAll(service => (string?)service!["type"] == "orchestration");
        _cloud.Answer("POST", Tokens, Issue);
    }

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    public void Dispose() => _cloud.Dispose();

    [Fact]
    public async Task A_stack_is_asked_for_in_its_own_project_with_a_token_for_that()
    {
        // As Heat 27 answered.
        _cloud.Answer("GET", "/heat/v1/p1/stacks", 200, """
            {"stacks":[{"id":"466f702e-0e1b-4e67-a671-2fa421982b87","links":[],"stack_name":"heatsig","description":"","stack_status":"CREATE_IN_PROGRESS",
            "stack_status_reason":"Stack CREATE started","creation_time":"2026-11-26T10:11:24Z","updated_time":null,"deletion_time":null,"stack_owner":"demo",
            "parent":null,"stack_user_project_id":"7bcdbdab35c94ff1820c69525d2ba235","tags":null}]}
            """);
        using OpenStackConnection connection = _cloud.Open();
        Stack stack = Assert.Single((await connection.Heat.ListStacksAsync("p1", s_stack, ct: Ct)).Stacks);
        Assert.Equal(new Stack(s_stack, "heatsig", "CREATE_IN_PROGRESS"), stack);
        IRequestMessage asked = Assert.Single(_cloud.Asked("/heat/v1/p1/stacks"));
        Assert.Equal($"?id={s_stack}&show_nested=True&show_hidden=True", new Uri(asked.AbsoluteUrl).Query);
        Assert.Equal("token-of-p1", FakeCloud.Header(asked, "X-Auth-Token"));
        Assert.Equal(["p1"], Scopes());
    }

    [Fact]
    public async Task Each_project_has_one_token_and_the_connections_own_is_not_touched()
    {
        foreach (string project in new[] { "p1", "p2" })
            _cloud.Answer("GET", $"/heat/v1/{project}/stacks", 200, """{"stacks":[]}""");
        _cloud.Answer("GET", FakeCloud.Compute + "/os-services", Sample.Of("nova_services"));
        using OpenStackConnection connection = _cloud.Open();
        await connection.Nova.ListServicesAsync(ct: Ct);
        for (int i = 0; i < 3; i++)
        {
            await connection.Heat.ListStacksAsync("p1", s_stack, ct: Ct);
            await connection.Heat.ListStacksAsync("p2", s_stack, ct: Ct);
        }

        await connection.Nova.ListServicesAsync(ct: Ct);
        Assert.Equal(["admin", "p1", "p2"], Scopes());
        Assert.All(_cloud.Asked("/heat/v1/p2/stacks"), asked => Assert.Equal("token-of-p2", FakeCloud.Header(asked, "X-Auth-Token")));
    }

    [Fact]
    public async Task Only_the_projects_that_were_used_last_are_remembered()
    {
        for (int i = 0; i <= MostKept; i++)
            _cloud.Answer("GET", $"/heat/v1/q{i}/stacks", 200, """{"stacks":[]}""");
        using OpenStackConnection connection = _cloud.Open();
        await connection.Heat.ListStacksAsync("q0", s_stack, ct: Ct);
        await connection.Heat.ListStacksAsync("q1", s_stack, ct: Ct);
        for (int i = 2; i <= MostKept; i++)
        {
            await connection.Heat.ListStacksAsync("q0", s_stack, ct: Ct);
            await connection.Heat.ListStacksAsync($"q{i}", s_stack, ct: Ct);
        }

        int before = Scopes().Count;
        Assert.Equal(MostKept + 1, before);
        await connection.Heat.ListStacksAsync("q0", s_stack, ct: Ct);
        Assert.Equal(before, Scopes().Count);
        await connection.Heat.ListStacksAsync("q1", s_stack, ct: Ct);
        Assert.Equal("q1", Scopes()[before]);
    }

    [Fact]
    public async Task A_project_in_which_the_user_has_no_role_is_refused_by_Keystone()
    {
        using OpenStackConnection connection = _cloud.Open();
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.ListStacksAsync("stranger", s_stack, ct: Ct));
        Assert.Equal(("identity", HttpStatusCode.Unauthorized), (refused.Service, refused.Status));
        Assert.DoesNotContain(FakeCloud.Password, refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resources_are_asked_for_by_name_and_by_what_they_stand_for()
    {
        string path = $"/heat/v1/p1/stacks/my stack/{s_stack}/resources";
        _cloud.Answer("GET", path, 200, """
            {"resources":[{"updated_time":"2026-11-26T10:11:24Z","creation_time":"2026-11-26T10:11:24Z","logical_resource_id":"gate","resource_name":"gate",
            "physical_resource_id":"","resource_status":"INIT_COMPLETE","resource_status_reason":"","resource_type":"OS::Heat::WaitConditionHandle","links":[],"required_by":["attested"]}]}
            """);
        using OpenStackConnection connection = _cloud.Open();
        StackResource found = Assert.Single((await connection.Heat.ListResourcesAsync("p1", "my stack", s_stack, name: "gate", ct: Ct)).Resources);
        Assert.Equal(new StackResource("gate", "OS::Heat::WaitConditionHandle", "INIT_COMPLETE", ""), found);
        await connection.Heat.ListResourcesAsync("p1", "my stack", s_stack, physicalId: "5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", ct: Ct);
        Assert.Equal(["?name=gate", "?physical_resource_id=5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11"], _cloud.Asked(path).Select(asked => new Uri(asked.AbsoluteUrl).Query));
    }

    [Fact]
    public async Task A_signal_is_four_texts_and_its_answer_says_nothing()
    {
        string gate = $"/heat/v1/p1/stacks/s/{s_stack}/resources/gate";
        // What Heat says to a signal, also to one that it drops.
        _cloud.Answer("POST", gate + "/signal", 200, "null");
        _cloud.Answer("GET", gate + "/metadata", 200, """{"metadata":{"abc":{"status":"SUCCESS","reason":"affirming","data":"{\"a\":1}"}}}""");
        using OpenStackConnection connection = _cloud.Open();
        await connection.Heat.SignalAsync("p1", "s", s_stack, "gate", new WaitSignal("abc", "SUCCESS", "affirming", """{"a":1}"""), Ct);
        JsonNode sent = JsonNode.Parse(Assert.Single(_cloud.Asked(gate + "/signal")).Body!)!;
        Assert.Equal("""{"id":"abc","status":"SUCCESS","reason":"affirming","data":"{\u0022a\u0022:1}"}""", sent.ToJsonString());
        StackResourceMetadata taken = await connection.Heat.GetMetadataAsync("p1", "s", s_stack, "gate", Ct);
        Assert.Equal("SUCCESS", taken.Metadata["abc"].GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_signal_whose_answer_is_lost_is_not_sent_a_second_time_by_the_client()
    {
        string signal = $"/heat/v1/p1/stacks/s/{s_stack}/resources/gate/signal";
        _cloud.Answer("POST", signal, 502, "bad gateway");
        using OpenStackConnection connection = _cloud.Open(_cloud.Options with { Retries = 3, RetryDelay = TimeSpan.Zero });
        await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.SignalAsync("p1", "s", s_stack, "gate", new WaitSignal("a", "SUCCESS", "r", "d"), Ct));
        Assert.Single(_cloud.Asked(signal));
    }

    [Fact]
    public async Task Heats_errors_are_told_by_the_name_of_its_exception()
    {
        // As Heat 27 answered.
        _cloud.Answer("GET", $"/heat/v1/p1/stacks/bogus/{s_stack}/resources", 404, """
            {"code": 404, "title": "Not Found", "explanation": "The resource could not be found.", "error": {"type": "EntityNotFound", "traceback": null, "message": "The Stack (bogus) could not be found."}}
            """);
        using OpenStackConnection connection = _cloud.Open();
        OpenStackApiException gone = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.ListResourcesAsync("p1", "bogus", s_stack, ct: Ct));
        Assert.Equal(("orchestration", HttpStatusCode.NotFound, "EntityNotFound", "The Stack (bogus) could not be found."), (gone.Service, gone.Status, gone.Code, gone.Detail));
    }

    [Theory]
    [InlineData("""{"metadata":null}""")]
    [InlineData("""{"stacks":[]}""")]
    [InlineData("<html>portal</html>")]
    [InlineData("[]")]
    public async Task What_is_no_metadata_is_malformed(string body)
    {
        _cloud.Answer("GET", $"/heat/v1/p1/stacks/s/{s_stack}/resources/gate/metadata", 200, body);
        using OpenStackConnection connection = _cloud.Open();
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.GetMetadataAsync("p1", "s", s_stack, "gate", Ct));
        Assert.Equal(OpenStackCodes.MalformedAnswer, refused.Code);
    }

    [Fact]
    public async Task An_answer_of_more_than_a_megabyte_is_refused_here_and_not_elsewhere()
    {
        string large = new('x', 1024 * 1024);
        _cloud.Answer("GET", $"/heat/v1/p1/stacks/s/{s_stack}/resources/gate/metadata", 200, $$$"""{"metadata":{"a":"{{{large}}}"}}""");
        _cloud.Answer("GET", FakeCloud.Compute + "/servers/" + s_stack, 200, $$$"""{"server":{"id":"{{{s_stack}}}","name":"{{{large}}}"}}""");
        using OpenStackConnection connection = _cloud.Open();
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.GetMetadataAsync("p1", "s", s_stack, "gate", Ct));
        Assert.Equal(OpenStackCodes.AnswerTooLarge, refused.Code);
        Assert.Equal(large, (await connection.Nova.GetServerAsync(s_stack, Ct)).Server.Name);
    }

    [Fact]
    public async Task A_cloud_without_Heat_is_told_as_one()
    {
        _cloud.Answer("POST", Tokens, _ => _cloud.IssueToken());
        using OpenStackConnection connection = _cloud.Open();
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.ListStacksAsync("p1", s_stack, ct: Ct));
        Assert.Equal(OpenStackCodes.EndpointNotFound, refused.Code);
    }

    [Fact]
    public async Task An_application_credential_has_no_token_for_another_project()
    {
        using OpenStackConnection connection = _cloud.Open(settings: _cloud.Settings with
        {
            AuthType = CloudAuthType.ApplicationCredential,
            ApplicationCredentialId = "a",
            ApplicationCredentialSecret = "hunter2-secret",
            ProjectName = null,
        });
        OpenStackApiException refused = await Assert.ThrowsAsync<OpenStackApiException>(() => connection.Heat.ListStacksAsync("p1", s_stack, ct: Ct));
        Assert.Equal(OpenStackCodes.FixedScope, refused.Code);
        Assert.Empty(_cloud.Asked());
    }

    [Fact]
    public async Task An_override_gets_the_project_behind_it()
    {
        _cloud.Answer("GET", "/elsewhere/v1/p1/stacks", 200, """{"stacks":[]}""");
        using OpenStackConnection connection = _cloud.Open(settings: _cloud.Settings with
        {
            EndpointOverrides = new Dictionary<string, Uri> { ["orchestration"] = new(_cloud.Url + "/elsewhere/v1") },
        });
        Assert.Empty((await connection.Heat.ListStacksAsync("p1", s_stack, ct: Ct)).Stacks);
    }

    /// <summary>As Keystone: a token of the project that is asked for, whose catalogue has that project in Heat's URL.</summary>
    private ResponseMessage Issue(IRequestMessage request)
    {
        string project = ScopeOf(request);
        if (project == "stranger")
            return FakeCloud.Respond(401, """{"error":{"code":401,"message":"The request you have made requires authentication.","title":"Unauthorized"}}""");
        ResponseMessage answer = _cloud.IssueToken();
        JsonNode body = JsonNode.Parse(Encoding.UTF8.GetString(answer.BodyData!.BodyAsBytes!))!;
        body["token"]!["project"]!["id"] = project;
        body["token"]!["catalog"]!.AsArray().Add(new JsonObject
        {
            ["type"] = "orchestration",
            ["name"] = "heat",
            ["endpoints"] = new JsonArray(new JsonObject { ["interface"] = "public", ["region_id"] = "RegionOne", ["url"] = $"{_cloud.Url}/heat/v1/{project}" }),
        });
        ((BodyData)answer.BodyData).BodyAsBytes = Encoding.UTF8.GetBytes(body.ToJsonString());
        answer.Headers!["X-Subject-Token"] = new WireMock.Types.WireMockList<string>("token-of-" + project);
        return answer;
    }

    private IReadOnlyList<string> Scopes() => [.. _cloud.Asked(Tokens).Select(ScopeOf)];

    private static string ScopeOf(IRequestMessage request) =>
        JsonNode.Parse(request.Body!)!["auth"]!["scope"]?["project"] is { } project ? (string?)(project["id"] ?? project["name"]) ?? "" : "";
}
