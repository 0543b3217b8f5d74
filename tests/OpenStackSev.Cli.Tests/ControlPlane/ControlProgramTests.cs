using OpenStackSev.Cli.ControlPlane;

namespace OpenStackSev.Cli.Tests.ControlPlane;

/// <summary>osev manage and osev status, with a program that says what it was asked.</summary>
public sealed class ControlProgramTests
{
    [Fact]
    public async Task Words_output_and_exit_code_are_passed_on()
    {
        using TemporaryFolder folder = new();
        string program = Program(folder, "echo \"asked: $*\"; echo \"said\" >&2; exit 2");
        (int code, string output, string error) = await RunAsync(Environment(path: folder.Path), "status", "upgrade", "check", "--config-file", "x y");
        Assert.Equal((2, "asked: status upgrade check --config-file x y\n", "said\n"), (code, output, error));
        Assert.Equal(2, (await RunAsync(Environment(program: program), "manage", "db", "version")).Code);
    }

    [Fact]
    public async Task Where_it_is_not_installed_that_is_said()
    {
        using TemporaryFolder folder = new();
        CommandException e = await Assert.ThrowsAsync<CommandException>(() => RunAsync(Environment(path: folder.Path), "manage", "db", "sync"));
        Assert.Equal("openstack-sev-control is not installed on this machine", e.Message);
        Assert.Contains("OSEV_CONTROL", e.Hint, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_program_is_said()
    {
        using TemporaryFolder folder = new();
        string file = folder.At("text");
        await File.WriteAllTextAsync(file, "no program", TestContext.Current.CancellationToken);
        CommandException e = await Assert.ThrowsAsync<CommandException>(() => RunAsync(Environment(program: file), "manage", "db", "sync"));
        Assert.StartsWith($"{file} cannot be started", e.Message, StringComparison.Ordinal);
    }

    private static string Program(TemporaryFolder folder, string script)
    {
        string path = folder.At(ControlProgram.Name);
        File.WriteAllText(path, $"#!/bin/sh\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        return path;
    }

    private static Func<string, string?> Environment(string? program = null, string? path = null) => name => name switch
    {
        ControlProgram.Variable => program,
        "PATH" => path,
        _ => null,
    };

    private static async Task<(int Code, string Out, string Error)> RunAsync(Func<string, string?> environment, params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await ControlProgram.RunAsync(
            args, new CommandConsole(output, error, terminal: false, colours: false), environment, TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
