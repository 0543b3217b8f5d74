using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using OpenStackSev.Control.Tests.Hosts;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Control.Tests.Stories;

/// <summary>The compute nodes of the stories, each with a certificate; and requests for certificates, as <c>{csr NAME}</c> in a body.</summary>
internal sealed class StoryNodes : IDisposable
{
    private const string ClientUse = "1.3.6.1.5.5.7.3.2", ServerUse = "1.3.6.1.5.5.7.3.1";
    private static readonly TimeSpan s_year = TimeSpan.FromDays(365);

    private readonly NodeCloud cloud;
    private readonly string foreign = Directory.CreateTempSubdirectory("osev-foreign-ca").FullName;
    private readonly Dictionary<string, X509Certificate2> certificates;
    private readonly Dictionary<string, ECDsa> keys = new(StringComparer.Ordinal);
    private string? lastKey;

    public StoryNodes(NodeCloud cloud)
    {
        this.cloud = cloud;
        AuthorityFolder.Create(foreign, Given.Now.AddDays(-300));
        certificates = new(StringComparer.Ordinal)
        {
            // In its second half, as at the time of a renewal.
            ["node"] = cloud.Issue(Given.Node, at: Given.Now.AddDays(-300), lifetime: s_year),
            ["node, young"] = cloud.Issue(Given.Node, at: Given.Now.AddDays(-30), lifetime: s_year),
            ["node, expired"] = cloud.Issue(Given.Node, at: Given.Now.AddDays(-366), lifetime: s_year),
            ["node, later"] = cloud.Issue(Given.Node, at: Given.Now.AddDays(1), lifetime: s_year),
            ["node of another CA"] = cloud.Issue(Given.Node, foreign, Given.Now.AddDays(-300), s_year),
            ["node as a server"] = cloud.Craft(ServerUse, $"urn:uuid:{Given.Node}"),
            ["nobody's node"] = cloud.Craft(ClientUse, uri: null),
            ["other node"] = cloud.Issue(Given.OtherNode, at: Given.Now.AddDays(-300), lifetime: s_year),
        };
    }

    public bool Knows(string caller) => certificates.ContainsKey(caller);

    /// <summary>A connection of its own, with that certificate.</summary>
    public HttpClient Client(string caller) => cloud.Client(certificates.GetValueOrDefault(caller));

    public void Revoke(string caller) => cloud.Revoke(caller.StartsWith("other", StringComparison.Ordinal) ? Given.OtherNode : Given.Node);

    /// <summary>Puts requests in the place of their names.</summary>
    public JsonNode? Filled(JsonNode? body) => body switch
    {
        JsonObject members => new JsonObject(members.Select(member => KeyValuePair.Create(member.Key, Filled(member.Value)))),
        JsonValue value when value.TryGetValue(out string? text) && text.StartsWith("{csr ", StringComparison.Ordinal) => Request(text["{csr ".Length..^1]),
        _ => body?.DeepClone(),
    };

    /// <summary>What was renewed by the request NAME is from now on the caller <c>node renewed by NAME</c>.</summary>
    public void Learn(string answer)
    {
        if (lastKey is null || JsonNode.Parse(answer) is not JsonObject body || (string?)body["certificate"] is not { } pem)
            return;
        using var bare = X509Certificate2.CreateFromPem(pem);
        certificates[$"node renewed by {lastKey}"] = bare.CopyWithPrivateKey(keys[lastKey]);
    }

    public void Dispose()
    {
        foreach (IDisposable one in certificates.Values.Cast<IDisposable>().Concat(keys.Values))
            one.Dispose();
        Directory.Delete(foreign, recursive: true);
    }

    private string Request(string name)
    {
        lastKey = null;
        if (name == "on the present key")
        {
            using ECDsa present = certificates["node"].GetECDsaPrivateKey()!;
            return NodeCertificateRequest.Pem(present, Given.Node);
        }

        if (name == "on an RSA key")
        {
            using var rsa = RSA.Create(2048);
            return new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequestPem();
        }

        if (!keys.TryGetValue(name, out ECDsa? key))
            keys[name] = key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        lastKey = name;
        // Its names are nobody's concern: the certificate is for whoever asked.
        return NodeCertificateRequest.Pem(key, Given.OtherNode);
    }
}
