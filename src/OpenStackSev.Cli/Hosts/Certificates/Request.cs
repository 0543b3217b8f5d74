using System.CommandLine;
using System.Security.Cryptography;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate request</c>: on the node itself, a key that never leaves it, and a request for the CA.</summary>
internal static class Request
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> node = AuthorityOption.Node();
        Option<string> output = OutputFolder.Option("Folder for NODE.key and NODE.csr.");
        OsevCommand command = new("request", "On the node: make its key, and a request that an administrator's osev host certificate issue --csr answers.",
            "osev host certificate request 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --out /var/lib/openstack-sev/agent")
        {
            node, output,
        };
        command.SetAction(parsed =>
        {
            Guid asked = parsed.GetValue(node);
            var folder = OutputFolder.Of(parsed.GetRequiredValue(output));
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
            string keyFile = folder.WriteNew($"{asked}.key", key.ExportPkcs8PrivateKeyPem() + "\n", secret: true);
            string requestFile = folder.WriteNew($"{asked}.csr", NodeCertificateRequest.Pem(key, asked), secret: false);
            console.WriteLine($"key {keyFile}, which stays here; bring {requestFile} to the CA: osev host certificate issue {asked} --csr {asked}.csr");
            return ExitCode.Ok;
        });
        return command;
    }
}
