using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using OpenStackSev.Acceptance.Cloud;
using OpenStackSev.Acceptance.Reattestation;

namespace OpenStackSev.Acceptance.Trust;

/// <summary>What lies beside the real scheduler: the snapshot of hosts' trust, and the keys whose word counts there.</summary>
internal static class SnapshotFiles
{
    /// <summary>The filter looks once a second.</summary>
    public static readonly TimeSpan Looks = TimeSpan.FromSeconds(3);

    public static string Snapshot => Path.Join(Stack.StateDir, "trust/snapshot");
    public static string Keys => Path.Join(Stack.StateDir, "trust/snapshot-keys.json");

    /// <summary>The control plane's keys, as an operator puts them there once.</summary>
    public static async Task FetchKeysAsync()
    {
        using var http = new HttpClient();
        await WriteAsync(Keys, await http.GetByteArrayAsync(new Uri(SnpLab.Url, ".well-known/jwks.json"), TestContext.Current.CancellationToken));
    }

    /// <summary>What the snapshot says of a host; null for nothing.</summary>
    public static string? LevelOf(Guid node)
    {
        if (!File.Exists(Snapshot))
            return null;
        JsonNode payload = JsonNode.Parse(Base64Url.DecodeFromChars(File.ReadAllText(Snapshot).Split('.')[1]))!;
        return (string?)payload["hosts"]!.AsArray().FirstOrDefault(host => Guid.Parse((string)host!["node"]!) == node)?["trust"];
    }

    /// <summary>Nothing tells from outside when the filter has looked, hence three of its seconds.</summary>
    public static async Task LookedAtAsync()
    {
        using var timer = new PeriodicTimer(Looks);
        await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>For tests of something else: the scheduler forgets whom it knew as quarantined, and then neither file is there.</summary>
    public static async Task ForgetAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        ECParameters parameters = key.ExportParameters(includePrivateParameters: false);
        await WriteAsync(Keys, Encoding.UTF8.GetBytes($$"""
            {"keys":[{"kty":"EC","crv":"P-384","kid":"nobody","x":"{{Base64Url.EncodeToString(parameters.Q.X)}}","y":"{{Base64Url.EncodeToString(parameters.Q.Y)}}"}]}
            """));
        string now = DateTimeOffset.UtcNow.ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        string end = DateTimeOffset.UtcNow.AddMinutes(1).ToString("yyyy-MM-ddTHH:mm:ssZ", System.Globalization.CultureInfo.InvariantCulture);
        string body = Part("""{"alg":"ES384","typ":"openstack-sev-snapshot","kid":"nobody"}""") + "." + Part($$"""{"version":1,"issued_at":"{{now}}","expires_at":"{{end}}","hosts":[]}""");
        byte[] signature = key.SignData(Encoding.ASCII.GetBytes(body), HashAlgorithmName.SHA384);
        await WriteAsync(Snapshot, Encoding.ASCII.GetBytes(body + "." + Base64Url.EncodeToString(signature)));
        await LookedAtAsync();
        File.Delete(Snapshot);
        File.Delete(Keys);
    }

    private static string Part(string json) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(json));

    private static async Task WriteAsync(string path, byte[] content)
    {
        await File.WriteAllBytesAsync(path + ".new", content, TestContext.Current.CancellationToken);
        File.Move(path + ".new", path, overwrite: true);
    }
}
