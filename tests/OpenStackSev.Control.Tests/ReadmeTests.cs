using OpenStackSev.Api.Errors;
using OpenStackSev.Control.Commands;
using OpenStackSev.Control.Tests.Fakes;

namespace OpenStackSev.Control.Tests;

public sealed class ReadmeTests
{
    private static readonly string s_readme = File.ReadAllText(Path.Join(Repository.Root, "src", "OpenStackSev.Control", "README.md"));

    [Fact]
    public void The_README_has_the_table_of_error_codes()
    {
        string table = string.Concat(ErrorCodes.All.Select(error => $"| `{error.Code}` | {error.Status} | {error.Meaning} |\n"));
        Assert.Contains("| code | status | when, and what to do |\n|---|---|---|\n" + table + "\n", s_readme, StringComparison.Ordinal);
    }

    [Fact]
    public void A_code_is_there_once_and_belongs_to_the_service() =>
        Assert.Equal(ErrorCodes.All.Count, ErrorCodes.All.Select(error => error.Code).Where(code => code.StartsWith("attestation.", StringComparison.Ordinal)).Distinct().Count());

    /// <summary>As printed, one after another; only the folders are others, and what an operator is told to fill in is filled in.</summary>
    [Fact]
    public async Task The_commands_that_set_the_service_up_do_so_as_they_are_printed()
    {
        string block = s_readme[s_readme.IndexOf("## Set it up", StringComparison.Ordinal)..].Split("```")[1];
        string[][] commands = [.. block.Split('\n').Where(line => line.StartsWith("openstack-sev-control ", StringComparison.Ordinal))
            .Select(line => line.Split(" # ")[0].Split(" > ")[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..])];
        Assert.Equal(["manage config sample", "manage db sync", "status upgrade check"], commands.Select(words => string.Join(' ', words)));

        await using FakeKeystone keystone = await FakeKeystone.StartAsync(TimeProvider.System);
        string folder = Directory.CreateTempSubdirectory("osev-readme-test").FullName;
        (string sample, string filled) = (Path.Join(folder, "openstack-sev.conf"), Path.Join(folder, "filled.conf"));
        await File.WriteAllTextAsync(filled, $"[DEFAULT]\nstate_dir = {folder}/state\n[keystone_authtoken]\nauth_url = {keystone.Url}\npassword = {FakeKeystone.Password}\n");
        using (var text = new StringWriter())
        {
            Assert.Equal(ExitCodes.Done, await ControlCommands.RunAsync(commands[0], text, TextWriter.Null, default));
            await File.WriteAllTextAsync(sample, text.ToString());
        }

        string[] files = ["--config-file", sample, "--config-file", filled];
        using var output = new StringWriter();
        Assert.Equal(ExitCodes.Done, await ControlCommands.RunAsync([.. commands[1], .. files], output, output, default));
        Assert.True(File.Exists(Path.Join(folder, "state", "control.sqlite")));
        // Warnings: no TLS yet, and the fake's catalogue does not have the endpoint.
        Assert.InRange(await ControlCommands.RunAsync([.. commands[2], .. files], output, output, default), 0, 1);
        Assert.DoesNotContain("Failure", output.ToString(), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
