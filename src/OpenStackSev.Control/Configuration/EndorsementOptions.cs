using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Attestation.Endorsements;
using OpenStackSev.Configuration;

namespace OpenStackSev.Control.Configuration;

/// <summary>Certificates and CRLs that evidence is verified with. Section <c>[endorsements]</c>.</summary>
public sealed class EndorsementOptions
{
    private const string Required = "required";
    private const string IfPresent = "if-present";
    private const int RootDigits = 64;

    public static IniSection<EndorsementOptions> Section { get; } =
        new IniSection<EndorsementOptions>("endorsements", "Certificates and CRLs that evidence is verified with.")
            .File("folder", "Folder of certificates and CRLs, as 'osev endorsements' has it. Unset: endorsements in state_dir.",
                o => o.Folder, (o, value) => o.Folder = value, example: "/var/lib/openstack-sev/endorsements")
            .Words("simulated_roots", "SHA-256 of simulated roots to trust, in lower-case hex: for a laboratory only. Every result then says that it is simulated.",
                o => o.SimulatedRoots, (o, value) => o.SimulatedRoots = value, Problem,
                example: "a3f1c2d4e5b60718293a4b5c6d7e8f90112233445566778899aabbccddeeff00")
            .Choice("crl", "Whether AMD's revocation list must be there. if-present is for a place where it cannot be fetched; a policy may still require it.",
                o => o.Crl, (o, value) => o.Crl = value, Required, IfPresent)
            .Flag("use_kds", "Fetch what is not in the folder from AMD's key distribution service, or from the one that kds_url names.",
                o => o.UseKds, (o, value) => o.UseKds = value)
            .Url("kds_url", "The key distribution service: AMD's, or a mirror with the same paths.", o => o.KdsUrl, (o, value) => o.KdsUrl = value)
            .Duration("kds_pace", "Seconds between two requests. AMD's service refuses more than about one in ten seconds from one address.",
                o => o.KdsPace, (o, value) => o.KdsPace = value, TimeSpan.Zero, TimeSpan.FromHours(1));

    public string? Folder { get; set; }
    public IReadOnlyList<string> SimulatedRoots { get; set; } = [];
    public string Crl { get; set; } = Required;
    public bool UseKds { get; set; } = true;
    public Uri KdsUrl { get; set; } = KdsAddress.Amd;
    public TimeSpan KdsPace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The least that holds, whatever a policy says.</summary>
    public CrlUse CrlUse => Crl == Required ? CrlUse.Required : CrlUse.IfPresent;

    public string FolderIn(ProcessOptions process) => Folder ?? Path.Join(process.StateDir, "endorsements");

    private static string? Problem(string root)
    {
        if (root.Length != RootDigits || !root.All(c => c is (>= '0' and <= '9') or (>= 'a' and <= 'f')))
            return $"'{root}' is not {RootDigits} lower-case hex digits, the SHA-256 of the whole certificate";
        return AmdRoots.LineOf(root) is { } line ? $"'{root}' is AMD's own root of {line}, which is built in" : null;
    }
}
