using System.CommandLine;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate renew</c>: lasts longer, on the same key; nothing secret is moved.</summary>
internal static class Renew
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> node = AuthorityOption.Node();
        Option<string> output = OutputFolder.Option("Folder for NODE.crt; one that is there is replaced.");
        Option<int> days = AuthorityOption.Days();
        OsevCommand command = new("renew", "Renew the certificate of a node on the key that it has. The agent takes the new file without a restart.",
            "osev host certificate renew 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --out for-compute1")
        {
            node, output, days, AuthorityOption.Instance,
        };
        command.SetAction(parsed =>
        {
            Guid asked = parsed.GetValue(node);
            var folder = OutputFolder.Of(parsed.GetRequiredValue(output));
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using AuthorityFolder ca = parsed.Open();
            // An expired one may be renewed; the key of a revoked one is perhaps in other hands.
            ListedCertificate last = ca.List(now).FirstOrDefault(one => one.Certificate.Node == asked && one.State != CertificateState.Revoked)
                ?? throw new CommandException($"node {asked} has no certificate that is not revoked", "osev host certificate issue gives it one on a new key");
            IssuedCertificate issued = ca.Issue(asked, NodeCertificateRequest.SameKeyAs(last.Certificate), now, TimeSpan.FromDays(parsed.GetValue(days)));
            Issue.Write(console, parsed.Format(), issued, folder.Replace($"{asked}.crt", issued.Pem), key: null);
            return ExitCode.Ok;
        });
        return command;
    }
}
