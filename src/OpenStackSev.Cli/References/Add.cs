using System.CommandLine;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.References;

/// <summary><c>osev reference add</c>: says that a launch digest is good, and what it stands for.</summary>
internal static class Add
{
    public static Command Create(CommandConsole console)
    {
        Argument<string> digest = new("digest") { Description = "MEASUREMENT of the launch, 96 hex digits.", HelpName = "DIGEST" };
        Option<string> name = new("--name") { Description = "What it stands for, e.g. 'OVMF 2024.02, 4 EPYC-v4'.", HelpName = "TEXT", Required = true };
        Option<bool> covers = new("--covers-executables") { Description = "The launch measured what runs: kernel hashes, or a root disk that they verify." };
        Option<bool> dryRun = new("--dry-run") { Description = "Only print whose verdict would change." };
        Option<bool> anyway = new("--anyway") { Description = "Also when verdicts get worse by it." };
        OsevCommand command = new("add", "Add a launch digest that is known to be good. From the first one on every other measurement is contraindicated: refused when verdicts get worse.",
            "osev reference add $DIGEST --name 'OVMF 2024.02, 4 EPYC-v4'", "osev reference add $DIGEST --name 'with kernel hashes' --covers-executables --dry-run")
        {
            digest, name, covers, dryRun, anyway, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            var value = new NewReferenceValue(parsed.GetRequiredValue(digest), parsed.GetRequiredValue(name), parsed.GetValue(covers));
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            if (!await ReferenceTrial.PassesAsync(control, console, new DryRunRequest(Add: [value]), parsed.GetValue(dryRun), parsed.GetValue(anyway), ct))
                return ExitCode.Ok;
            List.Write(console, (await control.Api.AddReferenceValuesAsync(new NewReferenceValues([value]), ct)).ReferenceValues);
            return ExitCode.Ok;
        });
        return command;
    }
}
