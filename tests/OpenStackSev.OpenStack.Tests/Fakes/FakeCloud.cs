using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using WireMock;
using WireMock.RequestBuilders;
using WireMock.ResponseBuilders;
using WireMock.Server;
using WireMock.Settings;
using WireMock.Types;
using WireMock.Util;

namespace OpenStackSev.OpenStack.Tests.Fakes;

/// <summary>A cloud on loopback that answers as a real one answered: Keystone with a catalogue, and version documents.</summary>
/// <remarks>What a test says about a path later wins over what is said here.</remarks>
internal sealed class FakeCloud : IDisposable
{
    public const string Project = "f04f91219ac04410ba69d00639b568e6";
    public const string Password = "hunter2-password";
    public const string TokenPrefix = "gAAAA-hunter2-token-";
    public const string Placement = "/placement";
    public const string Compute = "/compute/v2.1";
    public const string Image = "/image";

    public static readonly DateTimeOffset Start = new(2026, 11, 22, 22, 11, 05, TimeSpan.Zero);

    private int _rules;
    private int _tokens;

    public FakeCloud()
    {
        Server = WireMockServer.Start(new WireMockServerSettings { Urls = ["http://127.0.0.1:0"] });
        Answer("POST", "/identity/v3/auth/tokens", _ => IssueToken());
        Answer("GET", Placement + "/", Sample.Of("placement_root"));
        Answer("GET", Compute + "/", Sample.Of("nova_versions"));
    }

    public WireMockServer Server { get; }
    public string Url => Server.Url!.TrimEnd('/');
    public TimeSpan TokenLifetime { get; set; } = TimeSpan.FromHours(1);
    public ElapsingTime Time { get; } = new(Start);

    /// <summary>Changes the catalogue of the tokens issued from now on.</summary>
    public Action<JsonArray> Catalog { get; set; } = _ => { };

    public string LastToken => TokenPrefix + _tokens.ToString(CultureInfo.InvariantCulture);

    public CloudSettings Settings => new()
    {
        Name = "fake",
        AuthType = CloudAuthType.Password,
        AuthUrl = new Uri(Url + "/identity/v3"),
        Username = "operator",
        UserDomainId = "default",
        Password = Password,
        ProjectName = "admin",
        ProjectDomainId = "default",
    };

    /// <summary>No attempt is repeated and no time passes, unless a test says otherwise.</summary>
    public OpenStackConnectionOptions Options => new()
    {
        Time = Time,
        Retries = 0,
        AttemptTimeout = ElapsingTime.Never,
        TotalTimeout = ElapsingTime.Never,
    };

    public OpenStackConnection Open(OpenStackConnectionOptions? options = null, CloudSettings? settings = null) =>
        OpenStackConnection.Open(settings ?? Settings, options ?? Options);

    public void Answer(string method, string path, Sample sample) => Answer(method, path, sample.Status, sample.Body, sample.Headers);

    public void Answer(string method, string path, int status, string body = "", IReadOnlyDictionary<string, string>? headers = null) =>
        Answer(method, path, _ => Respond(status, body, headers));

    /// <summary>One answer after another; the last one again and again.</summary>
    public void Answer(string method, string path, params IReadOnlyList<Func<IRequestMessage, ResponseMessage>> answers)
    {
        int next = -1;
        Server.Given(Request.Create().WithPath(path).UsingMethod(method)).AtPriority(-++_rules)
            .RespondWith(Response.Create().WithCallback(request => answers[Math.Min(Interlocked.Increment(ref next), answers.Count - 1)](request)));
    }

    public static ResponseMessage Respond(int status, string body = "", IReadOnlyDictionary<string, string>? headers = null) =>
        Respond(status, Encoding.UTF8.GetBytes(body), headers);

    public static ResponseMessage Respond(int status, byte[] body, IReadOnlyDictionary<string, string>? headers = null)
    {
        var answer = new ResponseMessage
        {
            StatusCode = status,
            BodyData = new BodyData { DetectedBodyType = BodyType.Bytes, BodyAsBytes = body },
            Headers = new Dictionary<string, WireMockList<string>>(StringComparer.OrdinalIgnoreCase) { ["Content-Type"] = new("application/json") },
        };
        foreach ((string name, string value) in headers ?? new Dictionary<string, string>())
            answer.Headers[name] = new WireMockList<string>(value);
        return answer;
    }

    /// <summary>What was asked for, in order: all of it, or what went to one path.</summary>
    public IReadOnlyList<IRequestMessage> Asked(string? path = null, string? method = null) =>
        [.. Server.LogEntries.Select(entry => entry.RequestMessage!)
            .Where(request => (path is null || request.Path == path) && (method is null || request.Method == method))];

    public int TokenRequests => Asked("/identity/v3/auth/tokens").Count;

    /// <summary>The one header of a request, or null.</summary>
    public static string? Header(IRequestMessage request, string name) =>
        request.Headers?.FirstOrDefault(header => string.Equals(header.Key, name, StringComparison.OrdinalIgnoreCase)).Value is { } values
            ? string.Join(",", values)
            : null;

    public void Dispose()
    {
        Server.Stop();
        Server.Dispose();
    }

    public ResponseMessage IssueToken()
    {
        Sample sample = Sample.Of("keystone_token");
        JsonNode body = sample.Json;
        JsonNode token = body["token"]!;
        token["issued_at"] = Time.GetUtcNow().ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        token["expires_at"] = (Time.GetUtcNow() + TokenLifetime).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture);
        JsonArray catalog = token["catalog"]!.AsArray();
        foreach (JsonNode? endpoint in catalog.SelectMany(service => service!["endpoints"]!.AsArray()))
        {
            endpoint!["url"] = endpoint["url"]!.GetValue<string>()
                .Replace("http://127.0.0.1:9292", Url + Image, StringComparison.Ordinal)
                .Replace("http://127.0.0.1:8774/v2.1", Url + Compute, StringComparison.Ordinal)
                .Replace("http://127.0.0.1:8778", Url + Placement, StringComparison.Ordinal);
        }

        Catalog(catalog);
        int number = Interlocked.Increment(ref _tokens);
        return Respond(sample.Status, body.ToJsonString(), new Dictionary<string, string>(sample.Headers)
        {
            ["X-Subject-Token"] = TokenPrefix + number.ToString(CultureInfo.InvariantCulture),
        });
    }
}
