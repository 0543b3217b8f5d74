using System.CommandLine;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate list</c>: all that were issued, and what became of them.</summary>
internal static class CertificateList
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("list", "List node certificates.", "osev host certificate list", "osev host certificate list -f csv -c node -c not_after")
        {
            AuthorityOption.Instance, ColumnOption.Instance,
        };
        command.SetAction(parsed =>
        {
            using AuthorityFolder ca = parsed.Open();
            CertificateDocument[] listed = [.. ca.List(TimeProvider.System.GetUtcNow()).Select(CertificateDocument.Of)];
            console.WriteList(new CertificateListDocument(listed), CertificateJson.Default.CertificateListDocument,
                ["NODE", "SERIAL", "STATE", "NOT BEFORE", "NOT AFTER", "REVOKED"], listed.Select(one => new[]
                {
                    one.Node.ToString(), one.Serial, one.State, List.Time(one.NotBefore), List.Time(one.NotAfter), one.RevokedAt is { } at ? List.Time(at) : "",
                }));
            return ExitCode.Ok;
        });
        return command;
    }
}
