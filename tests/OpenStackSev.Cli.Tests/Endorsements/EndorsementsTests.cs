using System.Diagnostics;
using System.Text.Json;
using OpenStackSev.Simulation.Snp;

namespace OpenStackSev.Cli.Tests.Endorsements;

public sealed class EndorsementsTests : IDisposable
{
    private const string Chip = "c0ffee0000000001", Tcb = "fmc=1,bootloader=1,tee=1,snp=4,microcode=81";
    private const string VcekFile = $"Turin/vcek/{Chip}/fmc01-bl01-tee01-snp04-ucode081.der";

    private static readonly Lazy<SimulatedAuthority> s_turin = new(() => SimulatedAuthority.Create(SimulatedLine.Turin, new() { KeyBits = 2048 }));
    private readonly TemporaryFolder _folder = new();
    private readonly SimulatedKds _kds = SimulatedKds.Start(new(s_turin.Value) { AnyChip = true });

    public void Dispose()
    {
        _kds.Dispose();
        _folder.Dispose();
    }

    private static string Root => s_turin.Value.Ark.Fingerprint;

    private string Folder => _folder.At("endorsements");

    private Task<CommandLine> FetchAsync(params string[] args) => CommandLine.RunAsync(
        ["endorsements", "fetch", "--kds", _kds.Address.ToString(), "--pace", "0", "--folder", Folder, "--simulated-root", Root, .. args]);

    private Task<CommandLine> RunAsync(string command, params string[] args) =>
        CommandLine.RunAsync(["endorsements", command, "--folder", Folder, "--simulated-root", Root, .. args]);

    [Fact]
    public async Task Fetch_brings_issuers_CRLs_and_the_VCEK_once()
    {
        CommandLine first = (await FetchAsync("--product", "turin", "--chip-id", Chip, "--tcb", Tcb)).Succeeded();
        Assert.Equal($"SIMULATED: the root is not AMD's.\nfetched Turin/ark.der\nfetched Turin/ask.der\nfetched Turin/asvk.der\nfetched Turin/vcek.crl\nfetched Turin/vlek.crl\nfetched {VcekFile}\n", first.Out);
        Assert.Equal(5, _kds.Requests.Count);
        CommandLine second = (await FetchAsync("--product", "turin", "--chip-id", Chip + new string('0', 112), "--tcb", Tcb, "-f", "json")).Succeeded();
        Assert.All(second.Json().GetProperty("files").EnumerateArray(), file => Assert.False(file.GetProperty("fetched").GetBoolean()));
        Assert.Equal(5, _kds.Requests.Count);
    }

    [Fact]
    public async Task Fetch_takes_product_chip_and_TCB_from_a_report()
    {
        using SimulatedSecurityProcessor processor = new(s_turin.Value, Convert.FromHexString(Chip), new(1, 1, 1, 4, 81));
        await File.WriteAllBytesAsync(_folder.At("report.bin"), processor.Report(processor.Fields), TestContext.Current.CancellationToken);
        (await FetchAsync("--report", _folder.At("report.bin"))).Succeeded();
        Assert.True(File.Exists(Path.Join(Folder, VcekFile)));

        await File.WriteAllBytesAsync(_folder.At("masked.bin"), processor.Report(processor.Fields with { ChipId = [] }), TestContext.Current.CancellationToken);
        (await FetchAsync("--report", _folder.At("masked.bin"))).AssertError(ExitCode.Failed, $"--report {_folder.At("masked.bin")}: the chip id is masked");
    }

    [Theory]
    [InlineData("--product is missing")]
    [InlineData("--tcb is missing", "--product", "turin", "--chip-id", Chip)]
    [InlineData("--chip-id is missing", "--product", "turin", "--tcb", Tcb)]
    [InlineData("--chip-id: must be 16 or 128", "--product", "turin", "--chip-id", "../../x", "--tcb", Tcb)]
    [InlineData("--tcb fmc=1: must be", "--product", "turin", "--chip-id", Chip, "--tcb", "fmc=1")]
    [InlineData("--tcb fmc=1,bootloader=1,tee=1,snp=4,microcode=256: must be", "--product", "turin", "--chip-id", Chip, "--tcb", "fmc=1,bootloader=1,tee=1,snp=4,microcode=256")]
    [InlineData("a chip id of Milan has 64 bytes, not 8", "--product", "milan", "--chip-id", Chip, "--tcb", "bootloader=1,tee=1,snp=4,microcode=81")]
    [InlineData("TCB 'bootloader 1, tee 1, snp 4, microcode 81' is not one of Turin", "--product", "turin", "--chip-id", Chip, "--tcb", "bootloader=1,tee=1,snp=4,microcode=81")]
    [InlineData("the chip id is masked", "--product", "turin", "--chip-id", "0000000000000000", "--tcb", Tcb)]
    [InlineData("--kds ftp://x: is no address", "--product", "turin", "--kds", "ftp://x")]
    [InlineData("--pace -1: must be", "--product", "turin", "--pace=-1")]
    [InlineData("--simulated-root nowhere: is neither", "--product", "turin", "--simulated-root", "nowhere")]
    [InlineData("--report says the chip and the TCB itself", "--report", "x", "--chip-id", Chip)]
    public async Task Fetch_refuses_what_cannot_be_meant(string error, params string[] args) =>
        (await CommandLine.RunAsync(["endorsements", "fetch", "--folder", Folder, .. args])).AssertError(ExitCode.BadUsage, error);

    [Fact]
    public async Task Fetch_says_by_code_what_the_service_answered()
    {
        _kds.Inject(SimulatedKdsFault.Status(404), 2);
        (await FetchAsync("--product", "turin")).AssertError(ExitCode.Failed, $"{_kds.Address.Authority} 404 kds.not_found");
        (await CommandLine.RunAsync("endorsements", "fetch", "--product", "turin", "--kds", _kds.Address.ToString(), "--pace", "0", "--folder", Folder))
            .AssertError(ExitCode.Failed, $"{_kds.Address.Authority} 200 kds.untrusted: snp.root.untrusted");
        Assert.False(Directory.Exists(Folder));
        _kds.Inject(SimulatedKdsFault.Status(500), 2);
        (await FetchAsync("--product", "turin", "--give-up-after", "0")).AssertError(ExitCode.Failed, $"{_kds.Address.Authority} 500 kds.unavailable");
    }

    [Fact]
    public async Task Progress_is_shown_to_who_looks_and_cleared_in_the_end()
    {
        using StringWriter output = new(), error = new();
        int code = await Osev.RunAsync(
            ["endorsements", "fetch", "--product", "turin", "--kds", _kds.Address.ToString(), "--pace", "0", "--folder", Folder, "--simulated-root", Root],
            new CommandConsole(output, error, terminal: false, colours: false, errorTerminal: true), TestContext.Current.CancellationToken);
        Assert.Equal(0, code);
        Assert.EndsWith("\r\x1b[K", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain('\x1b', output.ToString());
    }

    [Fact]
    public async Task A_bundle_goes_out_comes_in_elsewhere_and_verifies_without_a_network()
    {
        await FetchAsync("--product", "turin", "--chip-id", Chip, "--tcb", Tcb);
        string bundle = _folder.At("bundle.tar"), again = _folder.At("again.tar");
        Assert.Equal($"6 files in {bundle}\n", (await RunAsync("export", "--out", bundle)).Succeeded().Out);
        (await RunAsync("export", "--out", again)).Succeeded();
        Assert.Equal(await File.ReadAllBytesAsync(bundle, TestContext.Current.CancellationToken), await File.ReadAllBytesAsync(again, TestContext.Current.CancellationToken));
        (await RunAsync("export", "--out", _folder.At("out"))).Succeeded();
        (await RunAsync("export", "--out", _folder.At("out"))).AssertError(ExitCode.Failed, $"--out {_folder.At("out")}: is not empty");

        foreach (string source in new[] { bundle, _folder.At("out") })
        {
            string elsewhere = _folder.At("elsewhere-" + Path.GetFileName(source));
            CommandLine imported = (await CommandLine.RunAsync("endorsements", "import", source, "--folder", elsewhere, "--simulated-root", Root, "-f", "json")).Succeeded();
            Assert.Equal(Enumerable.Repeat("added", 6), imported.Json().GetProperty("items").EnumerateArray().Select(item => item.GetProperty("outcome").GetString()));
            CommandLine verified = (await CommandLine.RunAsync("endorsements", "verify", "--folder", elsewhere, "--simulated-root", Root)).Succeeded();
            Assert.Equal("6 of 6 are good\nSIMULATED: the folder has a root that is not AMD's.\n", verified.Out);
        }
        (await CommandLine.RunAsync("endorsements", "import", bundle, "--folder", _folder.At("strict"))).AssertRefused("6 of 6 refused", "snp.root.untrusted");
    }

    [Fact]
    public async Task Import_names_what_it_refuses_keeps_the_rest_and_fails()
    {
        s_turin.Value.Save(_folder.At("chain"));
        await File.WriteAllTextAsync(_folder.At("text.txt"), "hello", TestContext.Current.CancellationToken);
        CommandLine run = await CommandLine.RunAsync("endorsements", "import", _folder.At("chain"), _folder.At("text.txt"), "--folder", Folder, "--simulated-root", _folder.At("chain/ark.pem"));
        run.AssertRefused("1 of 9 refused", $"refused it of {_folder.At("text.txt")}: snp.certificate.malformed");
        Assert.Contains($"added Turin/ark.der (ARK-Turin of {_folder.At("chain/ark.pem")})\n", run.Out, StringComparison.Ordinal);
        Assert.Contains($"passed over {_folder.At("chain/ark.key")}\n", run.Out, StringComparison.Ordinal);
        (await RunAsync("verify")).Succeeded();
        (await RunAsync("import", _folder.At("nowhere"))).AssertError(ExitCode.BadUsage, $"{_folder.At("nowhere")}: there is no such file");
    }

    [Fact]
    public async Task List_has_all_of_an_item_as_JSON()
    {
        await FetchAsync("--product", "turin", "--chip-id", Chip, "--tcb", Tcb);
        JsonElement[] items = [.. (await RunAsync("list", "-f", "json")).Succeeded().Json().GetProperty("items").EnumerateArray()];
        Assert.Equal(["ark", "ask", "asvk", "vcek_revocations", "vcek", "vlek_revocations"], items.Select(item => item.GetProperty("kind").GetString()));
        JsonElement vcek = items[4];
        Assert.Equal((Chip, "Turin", 81, true), (vcek.GetProperty("chip_id").GetString(), vcek.GetProperty("line").GetString(),
            vcek.GetProperty("tcb").GetProperty("microcode").GetInt32(), vcek.GetProperty("simulated").GetBoolean()));
        Assert.Contains("VCEK         Turin c0ffee0000000001 1/1/1/4/81 ", (await RunAsync("list")).Succeeded().Out, StringComparison.Ordinal);
        Assert.Equal($"nothing in {_folder.At("empty")}\n", (await CommandLine.RunAsync("endorsements", "list", "--folder", _folder.At("empty"))).Succeeded().Out);
    }

    [Fact]
    public async Task Verify_fails_when_one_is_bad_and_says_which_by_code()
    {
        await FetchAsync("--product", "turin", "--chip-id", Chip, "--tcb", Tcb);
        await File.WriteAllTextAsync(Path.Join(Folder, "notes.txt"), "mine", TestContext.Current.CancellationToken);
        Assert.Contains("endorsements.file.unknown notes.txt", (await RunAsync("verify")).Succeeded().Out, StringComparison.Ordinal);

        string file = Path.Join(Folder, VcekFile);
        byte[] content = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
        content[^1] ^= 1;
        await File.WriteAllBytesAsync(file, content, TestContext.Current.CancellationToken);
        CommandLine bad = await RunAsync("verify", "-f", "json");
        Assert.Equal(ExitCode.Failed, bad.ExitCode);
        Assert.Equal(["endorsements.file.unknown", "snp.vek.signature"], bad.Json().GetProperty("findings").EnumerateArray().Select(finding => finding.GetProperty("code").GetString()));
        // Without the name of the root, nothing of it is good.
        CommandLine strict = await CommandLine.RunAsync("endorsements", "verify", "--folder", Folder);
        Assert.Equal(ExitCode.Failed, strict.ExitCode);
        Assert.Contains("snp.root.untrusted", strict.Out, StringComparison.Ordinal);

        // Fetching mends it, and says so.
        CommandLine mended = await FetchAsync("--product", "turin", "--chip-id", Chip, "--tcb", Tcb);
        Assert.StartsWith($"warning: {VcekFile}: snp.vek.signature", mended.Error, StringComparison.Ordinal);
        (await RunAsync("verify")).Succeeded();
    }

    [Fact]
    public async Task Processes_that_fetch_into_one_folder_at_once_leave_it_whole()
    {
        string osev = Path.Join(AppContext.BaseDirectory, "osev.dll");
        Process[] processes = [.. Enumerable.Range(0, 3).Select(_ => Process.Start(new ProcessStartInfo(Environment.ProcessPath is { } host && Path.GetFileNameWithoutExtension(host) == "dotnet" ? host : "dotnet",
            [osev, "endorsements", "fetch", "--product", "turin", "--chip-id", Chip, "--tcb", Tcb, "--kds", _kds.Address.ToString(), "--pace", "0", "--folder", Folder, "--simulated-root", Root])
        { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true })!)];
        foreach (Process process in processes)
        {
            using (process)
            {
                string error = await process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
                await process.WaitForExitAsync(TestContext.Current.CancellationToken);
                Assert.True(process.ExitCode == 0, error);
            }
        }
        Assert.Equal("6 of 6 are good\nSIMULATED: the folder has a root that is not AMD's.\n", (await RunAsync("verify")).Succeeded().Out);
        Assert.Equal(6, Directory.GetFiles(Folder, "*", SearchOption.AllDirectories).Length);
    }

    [Theory, InlineData("fetch"), InlineData("import"), InlineData("export"), InlineData("list"), InlineData("verify")]
    public async Task Help_ends_with_examples(string command) =>
        Assert.Contains($"Examples:\n  osev endorsements {command}", (await CommandLine.RunAsync("endorsements", command, "--help")).Succeeded().Out, StringComparison.Ordinal);
}

internal static class Refusals
{
    /// <summary>Printed what it did, then failed.</summary>
    public static void AssertRefused(this CommandLine run, string error, string line)
    {
        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith("error: " + error + "\nhint: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(line, run.Out, StringComparison.Ordinal);
    }
}
