using System.CommandLine;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate revoke</c>: the control plane refuses it from the next request on.</summary>
internal static class Revoke
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> node = AuthorityOption.Node();
        Option<string> serial = new("--serial") { Description = "Only the certificate of this serial. Left out: all of the node's.", HelpName = "HEX" };
        OsevCommand command = new("revoke", "Revoke the certificates of a node.",
            "osev host certificate revoke 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11",
            "osev host certificate revoke 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --serial 6f3a9c21d1f5")
        {
            node, serial, AuthorityOption.Instance,
        };
        command.SetAction(parsed =>
        {
            Guid asked = parsed.GetValue(node);
            DateTimeOffset now = TimeProvider.System.GetUtcNow();
            using AuthorityFolder ca = parsed.Open();
            string? only = parsed.GetValue(serial)?.TrimStart('0').ToLowerInvariant();
            string[] serials = [.. ca.List(now).Where(one => one.Certificate.Node == asked && one.State != CertificateState.Revoked)
                .Select(one => one.Certificate.Serial).Where(one => only is null || one == only)];
            if (serials.Length == 0)
                throw new CommandException($"node {asked} has no such certificate that is not revoked already", "osev host certificate list shows them");
            ca.Revoke(serials, now);
            if (parsed.Format() == OutputFormat.Json)
                console.WriteJson(new RevokedDocument(asked, serials), CertificateJson.Default.RevokedDocument);
            else
                console.WriteLine($"revoked of node {asked}: {string.Join(", ", serials)}");
            return ExitCode.Ok;
        });
        return command;
    }
}
