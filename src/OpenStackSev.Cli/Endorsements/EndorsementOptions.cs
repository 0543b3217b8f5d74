using System.CommandLine;
using OpenStackSev.Attestation;
using OpenStackSev.Attestation.Endorsements;
using EndorsementFolder = OpenStackSev.Endorsements.EndorsementFolder;

namespace OpenStackSev.Cli.Endorsements;

/// <summary>What all <c>osev endorsements</c> commands have: the folder, and the simulated roots to trust.</summary>
internal sealed class EndorsementOptions
{
    public Option<string> Folder { get; } = new("--folder", "-d")
    {
        Description = "Endorsement folder. Default: $OSEV_ENDORSEMENTS, else /var/lib/openstack-sev/endorsements when it is there, "
            + "else ~/.local/share/openstack-sev/endorsements.",
        HelpName = "DIR",
    };

    public Option<string[]> SimulatedRoots { get; } = new("--simulated-root")
    {
        Description = "A simulated ARK to trust, by the SHA-256 of its certificate or by its file.",
        HelpName = "SHA256|FILE",
    };

    public EndorsementFolder FolderOf(ParseResult parsed)
    {
        string folder = parsed.GetValue(Folder) ?? Attest.EndorsementFolder.Default(Environment.GetEnvironmentVariable);
        return folder.Length > 0 ? new(folder) : throw CommandException.BadUsage("--folder is empty", "name a folder, or leave the option out");
    }

    public IReadOnlySet<string> RootsOf(ParseResult parsed) =>
        (parsed.GetValue(SimulatedRoots) ?? []).Select(RootOf).ToHashSet(StringComparer.Ordinal);

    private static string RootOf(string text)
    {
        if (text.Length == 64 && text.All(char.IsAsciiHexDigit))
            return text.ToLowerInvariant();
        if (!File.Exists(text))
            throw CommandException.BadUsage($"--simulated-root {text}: is neither a SHA-256 nor a file", "64 hexadecimal digits, or the ark.pem of osev simulate chain");
        EndorsementBundle bundle = EndorsementBundle.Of(InputFile.Read("--simulated-root", text, EndorsementBundle.MaximumSize), text);
        return bundle.Roots.ToArray() is [AuthorityCertificate root] ? root.Sha256
            : throw CommandException.BadUsage($"--simulated-root {text}: is not the certificate of an ARK", "name the ark.pem of osev simulate chain");
    }

    /// <summary>A finding in one line.</summary>
    public static string Text(Finding finding) => $"{finding.Code}: expected {finding.Expected}, got {finding.Actual}";

    public static void WriteWarning(CommandConsole console, Finding finding) =>
        console.Error.WriteLine($"warning: {finding.Subject}: {Text(finding)}");
}
