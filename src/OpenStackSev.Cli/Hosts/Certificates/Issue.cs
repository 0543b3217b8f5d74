using System.CommandLine;
using System.Security.Cryptography;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate issue</c>: a node's first certificate, or one on a new key.</summary>
internal static class Issue
{
    public static Command Create(CommandConsole console)
    {
        Argument<Guid> node = AuthorityOption.Node();
        Option<string> request = new("--csr") { Description = "The node's request (PKCS#10, PEM). Left out: a key is made here, and handed out once.", HelpName = "FILE" };
        Option<string> output = OutputFolder.Option("Folder for NODE.crt, and NODE.key where one is made.");
        Option<int> days = AuthorityOption.Days();
        OsevCommand command = new("issue", "Issue a certificate for a compute node.",
            "osev host certificate issue 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --csr 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11.csr",
            "osev host certificate issue 5f0f2ffb-9bfa-4b1c-8d06-1e7a0b6d7a11 --out for-compute1 --days 90")
        {
            node, request, output, days, AuthorityOption.Instance,
        };
        command.SetAction(parsed =>
        {
            Guid asked = parsed.GetValue(node);
            NodeCertificateRequest? given = parsed.GetValue(request) is { } file ? Read(file) : null;
            var folder = OutputFolder.Of(parsed.GetRequiredValue(output));
            using AuthorityFolder ca = parsed.Open();
            using ECDsa? key = given is null ? ECDsa.Create(ECCurve.NamedCurves.nistP384) : null;
            string? keyFile = key is null ? null : folder.WriteNew($"{asked}.key", key.ExportPkcs8PrivateKeyPem() + "\n", secret: true);
            IssuedCertificate issued = ca.Issue(asked, given ?? NodeCertificateRequest.Of(key!), TimeProvider.System.GetUtcNow(), TimeSpan.FromDays(parsed.GetValue(days)));
            Write(console, parsed.Format(), issued, folder.WriteNew($"{asked}.crt", issued.Pem, secret: false), keyFile);
            return ExitCode.Ok;
        });
        return command;
    }

    public static void Write(CommandConsole console, OutputFormat format, IssuedCertificate issued, string certificate, string? key)
    {
        if (format == OutputFormat.Json)
        {
            console.WriteJson(new IssuedDocument(issued.Node, issued.Serial, issued.NotAfter, certificate, key), CertificateJson.Default.IssuedDocument);
            return;
        }

        console.WriteLine($"certificate {issued.Serial} of node {issued.Node} until {List.Time(issued.NotAfter)}: {certificate}");
        if (key is not null)
            console.WriteLine($"its key, which is kept nowhere else: {key}");
    }

    public static NodeCertificateRequest Read(string file)
    {
        try
        {
            string text = new FileInfo(file) is { Exists: true, Length: > 64 * 1024 } ? "" : File.ReadAllText(file);
            return NodeCertificateRequest.TryParse(text, out NodeCertificateRequest? request, out string? problem)
                ? request
                : throw new CommandException($"{file}: {problem}", "the node makes one with osev host certificate request, or with openssl req");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new CommandException($"{file}: {e.Message.TrimEnd('.')}", "name the node's request", inner: e);
        }
    }
}
