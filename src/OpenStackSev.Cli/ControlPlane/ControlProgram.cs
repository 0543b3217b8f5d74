using System.ComponentModel;
using System.Diagnostics;

namespace OpenStackSev.Cli.ControlPlane;

/// <summary><c>osev manage …</c> and <c>osev status …</c>: the same words, said to <c>openstack-sev-control</c> on this machine.</summary>
/// <remarks>It has the database and the configuration; this program has neither, and starts in a fraction of the time.</remarks>
internal static class ControlProgram
{
    public const string Name = "openstack-sev-control";
    public const string Variable = "OSEV_CONTROL";

    /// <summary>The first words of what is passed on.</summary>
    public static IReadOnlyList<string> Words { get; } = ["manage", "status"];

    /// <summary>For the list of commands; the words themselves are passed on before they are parsed.</summary>
    public static OsevCommand Create(string word, string description, string example) => new(word, description, example);

    /// <summary>Runs the program, its output as it comes.</summary>
    /// <returns>Its exit code.</returns>
    /// <exception cref="CommandException">It is not installed here, or cannot be started.</exception>
    public static async Task<int> RunAsync(IReadOnlyList<string> args, CommandConsole console, Func<string, string?> environment, CancellationToken ct)
    {
        string program = Find(environment) ?? throw new CommandException($"{Name} is not installed on this machine",
            $"osev {args[0]} runs on the control plane's machine; {Variable} names the program when it is neither beside osev nor on the PATH");
        var start = new ProcessStartInfo(program, args) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        try
        {
            using Process process = Process.Start(start)!;
            await Task.WhenAll(CopyAsync(process.StandardOutput, console.Out), CopyAsync(process.StandardError, console.Error));
            // An interrupt reaches both: the program ends what it began, and says so by its code.
            await process.WaitForExitAsync(CancellationToken.None);
            return process.ExitCode;
        }
        catch (Win32Exception e)
        {
            throw new CommandException($"{program} cannot be started: {e.Message}", "is it a program, and may this user run it?", inner: e);
        }
    }

    /// <summary>What the variable names, else the one beside this program, else the first on the PATH.</summary>
    private static string? Find(Func<string, string?> environment)
    {
        if (environment(Variable) is { Length: > 0 } named)
            return named;
        IEnumerable<string> folders = (environment("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries).Prepend(AppContext.BaseDirectory);
        return folders.Select(folder => Path.Join(folder, Name)).FirstOrDefault(File.Exists);
    }

    private static async Task CopyAsync(StreamReader from, TextWriter to)
    {
        char[] some = new char[4096];
        int count;
        while ((count = await from.ReadAsync(some)) > 0)
        {
            await to.WriteAsync(some.AsMemory(0, count));
            await to.FlushAsync();
        }
    }
}
