using System.CommandLine;
using OpenStackSev.Api.Policies;

namespace OpenStackSev.Cli.Policies;

/// <summary><c>osev policy show</c>: the document of a version, as it was given.</summary>
internal static class Show
{
    public static Command Create(CommandConsole console)
    {
        Argument<int?> number = new("number") { Description = "Number of the version; left out: the one that judges now.", HelpName = "NUMBER", Arity = ArgumentArity.ZeroOrOne };
        OsevCommand command = new("show", "Print the document of a version, as it was given: it can be stored again, or judged by with osev attest verify --policy.",
            "osev policy show", "osev policy show 3 > policy.json")
        {
            number,
        };
        command.SetAction(async (parsed, ct) =>
        {
            using Hosts.ControlPlane control = Hosts.ControlPlane.Of(parsed.Connect());
            int asked = parsed.GetValue(number) ?? (await PolicyArgument.AllAsync(control, ct)).First(policy => policy.Active).Number;
            PolicyDetails details = await control.Api.GetPolicyAsync(asked, ct);
            if (console.Format == OutputFormat.Yaml)
                console.WriteJson(details.Document, PolicyJson.Default.JsonElement);
            else
                console.WriteLine(details.Document.GetRawText());
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, PolicySummary policy) => console.WriteList(policy, PolicyJson.Default.PolicySummary, ["FIELD", "VALUE"],
    [
        ["number", policy.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)],
        ["name", policy.Name],
        ["active", policy.Active ? "yes" : "no"],
        ["digest", policy.Digest],
        ["stored", policy.StoredAt is null ? "built in" : $"{List.Time(policy.StoredAt)} by {policy.StoredBy}"],
        ["activated", policy.ActivatedAt is null ? "" : $"{List.Time(policy.ActivatedAt)} by {policy.ActivatedBy}"],
    ]);
}
