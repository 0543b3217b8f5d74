namespace OpenStackSev.Cli.Tests.Simulate;

public sealed class GuestTests(SnpTests.OneChain chain) : IClassFixture<SnpTests.OneChain>, IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    private string Guest => _folder.At("guest");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_folder_answers_like_configfs_until_it_is_interrupted_and_rolls_back_on_command()
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        using StringWriter output = new(), error = new();
        Task<int> serving = Osev.RunAsync(["simulate", "guest", "--chain", chain.Path, "--out", Guest, "--tcb", "1/1/1/4/81"],
            new CommandConsole(output, error, terminal: false, colours: false), stop.Token);
        byte[] before = await ReportAsync("a", serving);
        Assert.Equal([1, 1, 1, 4, 0, 0, 0, 81], before[0x180..0x188]);
        CommandLine changed = (await CommandLine.RunAsync("simulate", "guest", "--out", Guest, "--set-tcb", "1/1/1/3/70", "--set-lie", "debug", "-f", "json")).Succeeded();
        Assert.Equal(("1/1/1/3/70", "debug"), (changed.Json().GetProperty("tcb").GetString(), changed.Json().GetProperty("lie").GetString()));
        byte[] after = await ReportAsync("b", serving);
        Assert.Equal([1, 1, 1, 3, 0, 0, 0, 70], after[0x180..0x188]);
        Assert.Equal(0x08, after[0x0A] & 0x08);
        await stop.CancelAsync();
        Assert.Equal(ExitCode.Interrupted, await serving);
        Assert.Equal($"simulated Turin guest for openstack-sev-guest run --tsm {Guest}; ends with Ctrl-C\n", output.ToString());
        Assert.Equal("report at TCB 1/1/1/4/81\nreport at TCB 1/1/1/3/70, lie Debug\n", error.ToString());
    }

    [Theory]
    [InlineData("--chain is missing")]
    [InlineData("--set-tcb and --set-lie are for a guest that runs", "--chain", "x", "--set-lie", "none")]
    [InlineData("Argument 'white' not recognized", "--set-lie", "white")]
    [InlineData("--set-tcb 5: must be like", "--set-tcb", "5")]
    public async Task Bad_usage_is_one_error_one_hint_and_64(string error, params string[] args) =>
        (await CommandLine.RunAsync(["simulate", "guest", "--out", Guest, .. args])).AssertError(ExitCode.BadUsage, error);

    [Fact]
    public async Task Folders_of_others_are_left_alone()
    {
        Directory.CreateDirectory(Guest);
        await File.WriteAllTextAsync(Path.Join(Guest, "precious"), "", Ct);
        (await CommandLine.RunAsync("simulate", "guest", "--chain", chain.Path, "--out", Guest)).AssertError(ExitCode.Failed, $"{Guest} holds something else");
        (await CommandLine.RunAsync("simulate", "guest", "--out", Guest, "--set-lie", "none")).AssertError(ExitCode.Failed, $"{Guest} is no folder of a simulated guest");
        Assert.Equal([Path.Join(Guest, "precious")], Directory.GetFileSystemEntries(Guest));
    }

    private async Task<byte[]> ReportAsync(string entry, Task serving)
    {
        string folder = Path.Join(Guest, "report", entry);
        await UntilAsync(() => File.Exists(Path.Join(Guest, "simulated")), serving);
        Directory.CreateDirectory(folder);
        await UntilAsync(() => File.Exists(Path.Join(folder, "generation")), serving);
        // In one write, as an attester does: each is counted.
        await using (FileStream inblob = new(Path.Join(folder, "inblob"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
            await inblob.WriteAsync(new byte[64], Ct);
        await UntilAsync(() => File.ReadAllText(Path.Join(folder, "generation")) == "1\n", serving);
        return await File.ReadAllBytesAsync(Path.Join(folder, "outblob"), Ct);
    }

    private static async Task UntilAsync(Func<bool> reached, Task serving)
    {
        using CancellationTokenSource hung = new(TimeSpan.FromMinutes(1));
        while (!reached())
        {
            Assert.False(hung.IsCancellationRequested || serving.IsCompleted, "it never came to that");
            await Task.Yield();
        }
    }
}
