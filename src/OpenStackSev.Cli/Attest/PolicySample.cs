using System.CommandLine;
using OpenStackSev.Attestation.Appraisal;

namespace OpenStackSev.Cli.Attest;

/// <summary><c>osev attest policy sample</c>: a policy document with every key.</summary>
internal static class PolicySample
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("sample", "Print a policy document with every key. Its values are examples: most policies are much shorter.",
            "osev attest policy sample > policy.json");
        command.SetAction(_ =>
        {
            console.WriteLine(PolicyDocument.Sample.TrimEnd());
            return ExitCode.Ok;
        });
        return command;
    }
}
