using System.CommandLine;
using OpenStackSev.Api.Policies;
using OpenStackSev.Cli.Policies;

namespace OpenStackSev.Cli.References;

/// <summary><c>osev reference list</c>: launch digests that are known to be good.</summary>
internal static class List
{
    public static Command Create(CommandConsole console)
    {
        Option<bool> removed = new("--removed") { Description = "Also those that were removed." };
        OsevCommand command = new("list", "List launch digests that are known to be good, with what each stands for.",
            "osev reference list", "osev reference list --removed -f json")
        {
            removed, ColumnOption.Instance,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            Write(console, (await control.Api.ListReferenceValuesAsync(parsed.GetValue(removed) ? true : null, ct)).ReferenceValues);
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, IReadOnlyList<ReferenceValueBody> values) => console.WriteList(
        new ReferenceValueList(values), PolicyJson.Default.ReferenceValueList, ["DIGEST", "NAME", "EXECUTABLES", "ADDED", "ADDED BY", "REMOVED", "REMOVED BY"],
        values.Select(value => new[]
        {
            value.Digest, value.Name, value.CoversExecutables ? "covered" : "not covered", Hosts.List.Time(value.AddedAt), value.AddedBy,
            Cli.Policies.List.Time(value.RemovedAt), value.RemovedBy ?? "",
        }));
}
