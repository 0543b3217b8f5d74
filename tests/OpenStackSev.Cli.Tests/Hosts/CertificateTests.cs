using System.Diagnostics;
using System.Security.Cryptography.X509Certificates;

namespace OpenStackSev.Cli.Tests.Hosts;

/// <summary><c>osev host certificate</c> as it is typed.</summary>
public sealed class CertificateTests : IDisposable
{
    private const string Node = "5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11", Other = "11111111-2222-4333-8444-555555555555";
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact]
    public async Task A_certificate_goes_from_issue_over_renewal_to_revocation()
    {
        (await RunAsync("init")).Succeeded();
        Assert.Contains($"of node {Node} until ", (await RunAsync("issue", Node, "--out", folder.At("node"))).Succeeded().Out, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(folder.At($"node/{Node}.key")));
        using X509Certificate2 first = X509Certificate2.CreateFromPemFile(folder.At($"node/{Node}.crt"), folder.At($"node/{Node}.key"));
        (await RunAsync("issue", Other, "--out", folder.At("node"))).Succeeded();

        (await RunAsync("renew", Node, "--out", folder.At("node"), "--days", "700")).Succeeded();
        using X509Certificate2 renewed = X509Certificate2.CreateFromPemFile(folder.At($"node/{Node}.crt"), folder.At($"node/{Node}.key"));
        Assert.True(renewed.NotAfter > first.NotAfter.AddDays(300));
        Assert.NotEqual(first.SerialNumber, renewed.SerialNumber);

        Assert.Equal($"NODE,STATE\n{Other},valid\n{Node},valid\n{Node},valid\n", await StatesAsync());
        (await RunAsync("revoke", Node, "--serial", renewed.SerialNumber)).Succeeded();
        Assert.Single((await StatesAsync()).Split('\n'), $"{Node},revoked");
        (await RunAsync("revoke", Node)).Succeeded();
        Assert.Equal($"NODE,STATE\n{Other},valid\n{Node},revoked\n{Node},revoked\n", await StatesAsync());
        (await RunAsync("revoke", Node)).AssertError(ExitCode.Failed, $"node {Node} has no such certificate");
        (await RunAsync("renew", Node, "--out", folder.At("node"))).AssertError(ExitCode.Failed, $"node {Node} has no certificate that is not revoked");
    }

    [Fact]
    public async Task A_key_that_was_made_on_the_node_stays_there()
    {
        (await RunAsync("init")).Succeeded();
        (await CommandLine.RunAsync("host", "certificate", "request", Node, "--out", folder.At("node"))).Succeeded();
        string key = await File.ReadAllTextAsync(folder.At($"node/{Node}.key"), TestContext.Current.CancellationToken);
        (await RunAsync("issue", Node, "--csr", folder.At($"node/{Node}.csr"), "--out", folder.At("node"), "-f", "json")).Succeeded();
        using X509Certificate2 issued = X509Certificate2.CreateFromPem(await File.ReadAllTextAsync(folder.At($"node/{Node}.crt"), TestContext.Current.CancellationToken), key);
        Assert.True(issued.HasPrivateKey);
    }

    [Fact]
    public async Task A_request_of_openssl_is_answered()
    {
        if (!File.Exists("/usr/bin/openssl"))
            Assert.Skip("openssl is not installed");
        (await RunAsync("init")).Succeeded();
        var start = new ProcessStartInfo("/usr/bin/openssl") { UseShellExecute = false, RedirectStandardError = true };
        foreach (string argument in new[] { "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384", "-nodes", "-subj", "/CN=anything", "-keyout", folder.At("k"), "-out", folder.At("csr") })
            start.ArgumentList.Add(argument);
        using (Process process = Process.Start(start)!)
            await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        (await RunAsync("issue", Node, "--csr", folder.At("csr"), "--out", folder.At("node"))).Succeeded();
        Assert.False(File.Exists(folder.At($"node/{Node}.key")));
    }

    [Fact]
    public async Task What_is_there_is_not_overwritten()
    {
        (await RunAsync("init")).Succeeded();
        (await RunAsync("init")).AssertError(ExitCode.Failed, $"{folder.At("ca")} holds a CA already");
        (await RunAsync("issue", Node, "--out", folder.At("node"))).Succeeded();
        (await RunAsync("issue", Node, "--out", folder.At("node"))).AssertError(ExitCode.Failed, folder.At($"node/{Node}.key"));
    }

    [Fact]
    public async Task Bad_words_are_bad_usage()
    {
        (await RunAsync("issue", "compute1")).AssertError(ExitCode.BadUsage, "compute1 is no UUID");
        (await RunAsync("issue", Node, "--days", "9999")).AssertError(ExitCode.BadUsage, "--days: must be 1 to 825");
    }

    [Fact]
    public async Task A_missing_CA_and_a_bad_request_are_told_with_a_remedy()
    {
        (await RunAsync("list")).AssertError(ExitCode.Failed, $"{folder.At("ca")} holds no CA");
        (await RunAsync("init")).Succeeded();
        await File.WriteAllTextAsync(folder.At("csr"), "nothing", TestContext.Current.CancellationToken);
        (await RunAsync("issue", Node, "--csr", folder.At("csr"))).AssertError(ExitCode.Failed, $"{folder.At("csr")}: no PEM text CERTIFICATE REQUEST is in it");
    }

    private async Task<string> StatesAsync() => (await RunAsync("list", "-f", "csv", "-c", "node", "-c", "state")).Succeeded().Out;

    private Task<CommandLine> RunAsync(string command, params string[] args) =>
        CommandLine.RunAsync(["host", "certificate", command, .. args, "--ca", folder.At("ca")]);
}
