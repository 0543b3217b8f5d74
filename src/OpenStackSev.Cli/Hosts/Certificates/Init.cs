using System.CommandLine;
using OpenStackSev.NodeCertificates;

namespace OpenStackSev.Cli.Hosts.Certificates;

/// <summary><c>osev host certificate init</c>: the cloud's own CA, made once.</summary>
internal static class Init
{
    public static Command Create(CommandConsole console)
    {
        OsevCommand command = new("init", "Make the CA that signs node certificates. Once: a second one would make all of them worthless.",
            "osev host certificate init", "osev host certificate init --ca /media/usb/node-ca")
        {
            AuthorityOption.Instance,
        };
        command.SetAction(parsed =>
        {
            string folder = parsed.Folder();
            AuthorityFolder.Create(folder, TimeProvider.System.GetUtcNow());
            console.WriteLine($"node CA in {folder}: keep {AuthorityFolder.KeyFile} safe; the control plane reads {AuthorityFolder.CertificateFile} and {AuthorityFolder.RevocationsFile}");
            return ExitCode.Ok;
        });
        return command;
    }
}
