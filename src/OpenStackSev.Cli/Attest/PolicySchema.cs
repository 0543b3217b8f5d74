using System.CommandLine;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest policy schema</c>: the JSON Schema of a policy document.</summary>
internal static class PolicySchema
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("schema", "Print the JSON Schema of a policy document, for editors.",
            "osev attest policy schema > appraisal-policy.schema.json");
        command.SetAction(_ =>
        {
            console.WriteLine(PolicyDocument.Schema.TrimEnd());
            return ExitCode.Ok;
        });
        return command;
    }
}
