using OpenStackSev.Cli;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests.Cli;

/// <summary>Command lines of <c>osev</c> against a running control plane, in this process.</summary>
/// <remarks>Classes that use it are in the collection <see cref="Name"/>: the environment that names the cloud is the process's.</remarks>
internal static class CommandLab
{
    public const string Name = "osev";

    private const string CloudsFile = "OS_CLIENT_CONFIG_FILE";

    /// <summary>The user whose password the fake Keystone knows is the service's own.</summary>
    public static async Task UseAsync(RunningControl control)
    {
        await File.WriteAllTextAsync(control.At("clouds.yaml"), $$"""
            clouds:
              lab:
                auth: {auth_url: "{{control.Keystone.Url}}/v3", username: {{FakeKeystone.Username}}, password: {{FakeKeystone.Password}}, project_name: service, user_domain_name: Default, project_domain_name: Default}
                attestation_endpoint_override: {{control.Url}}
            """);
        Environment.SetEnvironmentVariable(CloudsFile, control.At("clouds.yaml"));
    }

    public static void Forget() => Environment.SetEnvironmentVariable(CloudsFile, null);

    public static async Task<string> OkAsync(params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);
        Assert.True(code == 0, error);
        return output;
    }

    public static async Task FailsAsync(int expected, string message, string hint, params string[] args)
    {
        (int code, string output, string error) = await RunAsync(args);
        Assert.Equal("", output);
        string[] lines = error.TrimEnd('\n').Split('\n');
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("error: " + message, lines[0], StringComparison.Ordinal);
        Assert.StartsWith("hint: " + hint, lines[1], StringComparison.Ordinal);
        Assert.Equal(expected, code);
    }

    public static async Task<(int Code, string Output, string Error)> RunAsync(params string[] args)
    {
        using StringWriter output = new(), error = new();
        int code = await Osev.RunAsync([.. args, "--os-cloud", "lab"], new CommandConsole(output, error, terminal: false, colours: false), TestContext.Current.CancellationToken);
        return (code, output.ToString(), error.ToString());
    }
}
