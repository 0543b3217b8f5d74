using System.Diagnostics;

namespace OpenStackSev.Benchmarks;

/// <summary>A program of ours as it is shipped: one native file.</summary>
internal static class NativeProgram
{
    public static Task<string> AgentAsync() => FindOrPublishAsync("OpenStackSev.Agent", "openstack-sev-agent");

    public static Task<string> GuestAsync() => FindOrPublishAsync("OpenStackSev.Guest", "openstack-sev-guest");

    public static Task<string> CommandLineAsync() => FindOrPublishAsync("OpenStackSev.Cli", "osev");

    /// <summary>The control plane is no native program: it is compiled ahead of time as far as .NET's ReadyToRun goes.</summary>
    public static Task<string> ControlAsync() => FindOrPublishAsync("OpenStackSev.Control", "openstack-sev-control");

    /// <returns>The program that is there, whatever it was built from; else a new one.</returns>
    private static async Task<string> FindOrPublishAsync(string project, string name)
    {
        string folder = $"artifacts/native/{project}", program = Path.Join(Repository.Root, folder, name);
        if (File.Exists(program))
        {
            Console.Error.WriteLine($"using {folder} of {File.GetLastWriteTimeUtc(program):yyyy-MM-dd HH:mm} UTC; delete it for a new one");
            return program;
        }

        Console.Error.WriteLine($"publishing src/{project} as a native program into {folder}; this takes minutes");
        var publish = new ProcessStartInfo("dotnet", ["publish", "src/" + project, "-c", "Release", "-r", "linux-x64", "-o", folder])
        {
            WorkingDirectory = Repository.Root,
            RedirectStandardOutput = true,
            UseShellExecute = false,
        };
        using Process process = Process.Start(publish)!;
        string output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? program : throw new InvalidOperationException($"dotnet publish failed:\n{output}");
    }
}
