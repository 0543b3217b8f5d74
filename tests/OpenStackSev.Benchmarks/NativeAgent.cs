using System.Diagnostics;

namespace OpenStackSev.Benchmarks;

/// <summary>The agent as it is shipped: one native program.</summary>
internal static class NativeAgent
{
    private const string Project = "src/OpenStackSev.Agent";
    private const string Folder = "artifacts/native/OpenStackSev.Agent";

    /// <returns>The program that is there, whatever it was built from; else a new one.</returns>
    public static async Task<string> FindOrPublishAsync()
    {
        string program = Path.Join(Repository.Root, Folder, "openstack-sev-agent");
        if (File.Exists(program))
        {
            Console.Error.WriteLine($"using {Folder} of {File.GetLastWriteTimeUtc(program):yyyy-MM-dd HH:mm} UTC; delete it for a new one");
            return program;
        }

        Console.Error.WriteLine($"publishing {Project} as a native program into {Folder}; this takes minutes");
        var publish = new ProcessStartInfo("dotnet", ["publish", Project, "-c", "Release", "-r", "linux-x64", "-o", Folder])
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
