using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace OpenStackSev.Cli.Tests.Simulate;

public sealed class SnpTests(SnpTests.OneChain chain) : IClassFixture<SnpTests.OneChain>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Chain => chain.Path;

    private string File => _folder.At("report.bin");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_chain_is_written_and_its_root_named()
    {
        CommandLine run = await CommandLine.RunAsync(
            "simulate", "chain", "--product", "milan", "--key-bits", "2048", "--out", _folder.At("amd"), "-f", "json");
        JsonElement written = run.Succeeded().Json();
        Assert.Equal(["folder", "line", "ark_sha256", "ask_sha256", "asvk_sha256"], written.EnumerateObject().Select(member => member.Name));
        using X509Certificate2 ark = X509Certificate2.CreateFromPem(await System.IO.File.ReadAllTextAsync(_folder.At("amd/ark.pem"), Ct));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(ark.RawData)), written.GetProperty("ark_sha256").GetString());
        Assert.Contains("CN=ARK-Milan", ark.Subject, StringComparison.Ordinal);

        (await CommandLine.RunAsync("simulate", "chain", "--product", "milan", "--key-bits", "2048", "--out", _folder.At("amd")))
            .AssertError(ExitCode.Failed, $"{_folder.At("amd/ark.pem")} is there already");
        CommandLine replaced = await CommandLine.RunAsync(
            "simulate", "chain", "--product", "genoa", "--key-bits", "2048", "--out", _folder.At("amd"), "--force");
        Assert.Contains("SHA-256 of the ARK", replaced.Succeeded().Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_report_has_what_was_asked_and_a_signature_that_its_certificate_verifies()
    {
        JsonElement written = (await Report("--version", "3", "--report-data", "0xAABB", "--policy", "0x3001f", "--debug", "--vmpl", "2",
            "--chip-id", "0102030405060708", "--tcb", "2/3/4/5/200", "-f", "json")).Succeeded().Json();
        Assert.Equal(["report", "certificate", "certificate_table", "line", "chip_id", "tcb"],
            written.EnumerateObject().Select(member => member.Name));
        Assert.Equal("0102030405060708", written.GetProperty("chip_id").GetString());
        byte[] report = await System.IO.File.ReadAllBytesAsync(File, Ct);
        Assert.Equal([3, 0, 0, 0], report[..4]);
        Assert.Equal([0x1F, 0, 0xB, 0], report[8..12]);
        Assert.Equal([2, 0, 0, 0], report[0x30..0x34]);
        Assert.Equal([0xAA, 0xBB, 0, 0], report[0x50..0x54]);
        Assert.Equal([2, 3, 4, 5, 0, 0, 0, 200], report[0x180..0x188]);
        Assert.Equal([1, 2, 3, 4, 5, 6, 7, 8, 0], report[0x1A0..0x1A9]);
        byte[] certificate = await System.IO.File.ReadAllBytesAsync(File + ".vcek.der", Ct);
        Assert.True(Verifies(report, certificate));
        byte[] table = await System.IO.File.ReadAllBytesAsync(File + ".certs", Ct);
        Assert.True(table.AsSpan().IndexOf(certificate) > 0);
    }

    [Fact]
    public async Task A_VLEK_signs_and_hides_the_chip()
    {
        (await Report("--vlek")).Succeeded();
        byte[] report = await System.IO.File.ReadAllBytesAsync(File, Ct);
        Assert.True(Verifies(report, await System.IO.File.ReadAllBytesAsync(File + ".vlek.der", Ct)));
        Assert.All(report[0x1A0..0x1E0], b => Assert.Equal(0, b));
    }

    [Theory]
    [InlineData("--version 6: must be", "--version", "6")]
    [InlineData("--report-data: must be up to 64 bytes", "--report-data", "abc")]
    [InlineData("--measurement: must be 48 bytes", "--measurement", "ab")]
    [InlineData("--policy x: must be", "--policy", "x")]
    [InlineData("--vmpl 4: must be", "--vmpl", "4")]
    [InlineData("--tcb 1/2/3: must be", "--tcb", "1/2/3")]
    [InlineData("--tcb 1/2/3/4: Turin has five", "--tcb", "1/2/3/4")]
    [InlineData("--chip-id: 2 bytes", "--chip-id", "0102")]
    public async Task What_cannot_be_meant_is_bad_usage(string error, params string[] args)
    {
        (await Report(args)).AssertError(ExitCode.BadUsage, error);
        Assert.False(System.IO.File.Exists(File));
    }

    [Fact]
    public async Task A_folder_without_a_chain_is_told() =>
        (await CommandLine.RunAsync("simulate", "report", "--chain", _folder.Path, "--out", File))
            .AssertError(ExitCode.Failed, $"{_folder.Path} holds no simulated chain");

    [Fact]
    public async Task The_service_hands_out_the_VCEK_of_a_report_and_logs_each_request()
    {
        (await Report()).Succeeded();
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using FirstLine output = new();
        using StringWriter errors = new();
        await using TextWriter error = TextWriter.Synchronized(errors);
        Task<int> running = Osev.RunAsync(
            ["simulate", "kds", "--chain", Chain, "--listen", "127.0.0.1:0", "--interval", "10m"],
            new CommandConsole(output, error, terminal: false, colours: false), stop.Token);
        Task<string> started = output.Line;
        Assert.Same(started, await Task.WhenAny(started, running));
        Uri address = new((await started).Split(" at ")[1].Split(';')[0]);
        byte[] report = await System.IO.File.ReadAllBytesAsync(File, Ct);
        using HttpClient client = new() { BaseAddress = address };
        string path = $"/vcek/v1/Turin/{Convert.ToHexStringLower(report[0x1A0..0x1A8])}?fmcSPL=1&blSPL=1&teeSPL=1&snpSPL=4&ucodeSPL=81";
        Assert.True(Verifies(report, await client.GetByteArrayAsync(path, Ct)));
        using HttpResponseMessage refused = await client.GetAsync("/vcek/v1/Turin/crl", Ct);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await running);
        string[] log = errors.ToString().TrimEnd('\n').Split('\n');
        Assert.Equal(2, log.Length);
        Assert.EndsWith($" 200 GET {path}", log[0], StringComparison.Ordinal);
        Assert.EndsWith(" 429 GET /vcek/v1/Turin/crl", log[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--listen 0.0.0.0:80: must be", "--listen", "0.0.0.0:80")]
    [InlineData("--interval ten: must be", "--interval", "ten")]
    public async Task A_service_for_others_than_this_machine_or_without_a_clear_interval_is_bad_usage(string error, params string[] args) =>
        (await CommandLine.RunAsync(["simulate", "kds", "--chain", Chain, .. args])).AssertError(ExitCode.BadUsage, error);

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private Task<CommandLine> Report(params string[] args) =>
        CommandLine.RunAsync(["simulate", "report", "--chain", Chain, "--out", File, .. args]);

    private static bool Verifies(byte[] report, byte[] certificate)
    {
        using X509Certificate2 parsed = X509CertificateLoader.LoadCertificate(certificate);
        using ECDsa key = parsed.GetECDsaPublicKey()!;
        return key.VerifyData(report.AsSpan(0, 0x2A0), [.. report[0x2A0..0x2D0].Reverse(), .. report[0x2E8..0x318].Reverse()],
            HashAlgorithmName.SHA384);
    }

    /// <summary>One chain for all tests here: its keys are slow to make.</summary>
    public sealed class OneChain : IAsyncLifetime
    {
        private readonly TemporaryFolder _folder = new();

        public string Path => _folder.At("amd");

        public async ValueTask InitializeAsync() =>
            (await CommandLine.RunAsync("simulate", "chain", "--product", "turin", "--key-bits", "2048", "--out", Path)).Succeeded();

        public ValueTask DisposeAsync()
        {
            _folder.Dispose();
            return ValueTask.CompletedTask;
        }
    }

    private sealed class FirstLine : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public override void Flush() => _line.TrySetResult(ToString());
    }
}
