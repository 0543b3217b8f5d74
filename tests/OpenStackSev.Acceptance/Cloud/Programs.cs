using System.Diagnostics;

namespace OpenStackSev.Acceptance.Cloud;

/// <summary>What a program printed and how it ended.</summary>
public sealed record Ended(int ExitCode, string Output, string Error)
{
    public override string ToString() => $"exit code {ExitCode}\n{Output}\n{Error}";
}

/// <summary>The programs as they ship: native where they were published, else as built beside these tests.</summary>
public static class Programs
{
    private static readonly TimeSpan LongestRun = TimeSpan.FromMinutes(2);

    public static string Root { get; } = Repository.Root;

    public static Task<Ended> AgentAsync(string configuration, params string[] arguments) =>
        RunAsync(Find("OpenStackSev.Agent", "openstack-sev-agent"), [.. arguments, "--config-file", configuration]);

    public static Task<Ended> OsevAsync(params string[] arguments) => RunAsync(Find("OpenStackSev.Cli", "osev"), arguments);

    /// <summary><c>osev</c> with another clouds.yaml than the stack's.</summary>
    public static async Task<Ended> OsevOfAsync(string cloudsFile, params IReadOnlyList<string> arguments)
    {
        using Process process = Start(Find("OpenStackSev.Cli", "osev"), arguments, ("OS_CLIENT_CONFIG_FILE", cloudsFile));
        return await EndOfAsync(process);
    }

    /// <summary><c>osev</c> with another clouds.yaml than the stack's, until it is stopped.</summary>
    public static Process StartOsevOf(string cloudsFile, params IReadOnlyList<string> arguments) =>
        Start(Find("OpenStackSev.Cli", "osev"), arguments, ("OS_CLIENT_CONFIG_FILE", cloudsFile));

    public static Task<Ended> ControlAsync(params string[] arguments) => RunAsync(Find("OpenStackSev.Control", "openstack-sev-control"), arguments);

    public static Process StartControl(params string[] arguments) => Start(Find("OpenStackSev.Control", "openstack-sev-control"), arguments);

    /// <summary><c>devstack/local/compute.sh</c> of the release of this run.</summary>
    public static Task<Ended> ComputeAsync(string action, string name) =>
        RunAsync(Path.Join(Root, "devstack/local/compute.sh"), ["--release", Stack.Release.Name, action, name]);

    /// <summary><c>devstack/local/broker.sh</c> of the release of this run: its rabbitmqctl.</summary>
    public static async Task<string> BrokerAsync(params string[] arguments)
    {
        Ended ended = await RunAsync(Path.Join(Root, "devstack/local/broker.sh"), ["--release", Stack.Release.Name, .. arguments]);
        Assert.True(ended.ExitCode == 0, ended.ToString());
        return ended.Output;
    }

    /// <summary><c>devstack/local/up.sh</c> of the release of this run, in Zed's or in today's layout of encryption contexts.</summary>
    public static async Task LayoutAsync(string layout)
    {
        using Process process = Start(Path.Join(Root, "devstack/local/up.sh"), ["--release", Stack.Release.Name, "--no-install"], ("OSEV_SEV_LAYOUT", layout));
        Ended ended = await EndOfAsync(process);
        Assert.True(ended.ExitCode == 0, ended.ToString());
    }

    /// <summary>SIGTERM, then how it ended.</summary>
    public static async Task<Ended> StopAsync(Process process, Task<Ended> ended)
    {
        using var kill = Process.Start("kill", ["-TERM", $"{process.Id}"]);
        await kill.WaitForExitAsync();
        return await ended;
    }

    public static Process StartAgent(string configuration) => Start(Find("OpenStackSev.Agent", "openstack-sev-agent"), ["--config-file", configuration]);

    /// <summary>A program of ours that runs until it is stopped, as a long one does.</summary>
    public static Process Start(string project, string program, params IReadOnlyList<string> arguments) => Start(Find(project, program), arguments);

    /// <summary>A program of the system that runs until it is stopped.</summary>
    public static Process StartAt(string path, IReadOnlyList<string> arguments) => Start(path, arguments, []);

    public static Task<Ended> GuestAsync(params string[] arguments) => RunAsync(Find("OpenStackSev.Guest", "openstack-sev-guest"), arguments);

    public static async Task<Ended> RunAsync(string program, IReadOnlyList<string> arguments)
    {
        using Process process = Start(program, arguments);
        return await EndOfAsync(process);
    }

    public static async Task<Ended> EndOfAsync(Process process, TimeSpan? longest = null)
    {
        using var limit = new CancellationTokenSource(longest ?? LongestRun);
        Task<string> output = process.StandardOutput.ReadToEndAsync(limit.Token), error = process.StandardError.ReadToEndAsync(limit.Token);
        try
        {
            await process.WaitForExitAsync(limit.Token);
            return new Ended(process.ExitCode, await output, await error);
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new TimeoutException($"{process.StartInfo.FileName} did not end within {LongestRun}", e);
        }
    }

    private static Process Start(string program, IReadOnlyList<string> arguments, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo(program) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (string argument in arguments)
            start.ArgumentList.Add(argument);
        foreach (string name in start.Environment.Keys.Where(name => name.StartsWith("OS_", StringComparison.Ordinal)).ToArray())
            start.Environment.Remove(name);
        start.Environment["OS_CLIENT_CONFIG_FILE"] = Stack.CloudsFile;
        start.Environment["OS_CLOUD"] = "osev";
        foreach ((string name, string value) in environment)
            start.Environment[name] = value;
        Process process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }

    private static string Find(string project, string program)
    {
        string native = Path.Join(Root, "artifacts/native", project, program);
        return File.Exists(native) ? native : Path.Join(Root, "src", project, "bin/Release/net10.0", program);
    }
}
