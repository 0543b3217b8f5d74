using OpenStackSev.Api.Capacity;
using OpenStackSev.Configuration;

namespace OpenStackSev.Agent.Capacity;

/// <summary>How this node's capacity is published. Section <c>[capacity]</c> of agent.conf.</summary>
public sealed class CapacityOptions
{
    private const int MostAsids = 1_000_000;

    public static IniSection<CapacityOptions> Section { get; } =
        new IniSection<CapacityOptions>("capacity", "How this node's capacity is published.")
            .Duration("interval", "Seconds between rounds after a success, 10 to 3600; shorter only loads Placement.",
                o => o.Interval, (o, value) => o.Interval = value, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1))
            .Duration("start_jitter",
                "The first round starts within so many seconds, at random, so that many nodes do not strike Placement together. 0 to 600.",
                o => o.StartJitter, (o, value) => o.StartJitter = value, TimeSpan.Zero, TimeSpan.FromMinutes(10))
            .Uuid("node_uuid", "UUID of the compute node's resource provider. Unset: Nova's compute_id file, then names.",
                (o, value) => o.NodeUuid = value, example: "11111111-2222-4333-8444-555555555555")
            .Text("compute_id_file", "Nova's compute_id file (since 2023.1). Looked at below the platform root.",
                o => o.ComputeIdFile, (o, value) => o.ComputeIdFile = value)
            .Text("node_name",
                "Root provider's name when compute_id is not readable: Nova's hypervisor_hostname. Unset: libvirt's host name, then this machine's FQDN, then its short name.",
                o => o.NodeName, (o, value) => o.NodeName = value, example: "compute1.example.org")
            .Count("es_share", "ASIDs of the pool that SEV-ES and SEV-SNP share that are published as SEV-ES where both can be used.",
                o => o.EsShare, (o, value) => o.EsShare = value, 0, MostAsids)
            .Words("launches", "Models that this Nova launches although it publishes no MEM_ENCRYPTION_CONTEXT for them; comma-separated.",
                o => o.LaunchNames.ToArray(), (o, names) => o.Launches = string.Join(", ", names), NotAModel, example: "amd-sev-snp")
            .Count("reserved_sev", "Plain SEV ASIDs kept back for the operator.",
                o => o.ReservedSev, (o, value) => o.ReservedSev = value, 0, MostAsids)
            .Count("reserved_sev_es", "SEV-ES ASIDs kept back for the operator.",
                o => o.ReservedSevEs, (o, value) => o.ReservedSevEs = value, 0, MostAsids)
            .Count("reserved_sev_snp", "SEV-SNP ASIDs kept back for the operator.",
                o => o.ReservedSevSnp, (o, value) => o.ReservedSevSnp = value, 0, MostAsids)
            .Rule(o => o.NodeName is { Length: 0 or > 200 } ? ["node_name: must have 1 to 200 characters"] : []);

    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);
    public TimeSpan StartJitter { get; set; } = TimeSpan.FromSeconds(30);
    public Guid? NodeUuid { get; set; }
    public string ComputeIdFile { get; set; } = "/var/lib/nova/compute_id";
    public string? NodeName { get; set; }
    public int EsShare { get; set; }
    public string Launches { get; set; } = "";
    public int ReservedSev { get; set; }
    public int ReservedSevEs { get; set; }
    public int ReservedSevSnp { get; set; }

    /// <summary><see cref="Launches"/>, parsed.</summary>
    public IReadOnlySet<EncryptionModel> LaunchableModels => LaunchNames
        .Where(name => EncryptionModels.TryParse(name, out _))
        .Select(name => EncryptionModels.TryParse(name, out EncryptionModel model) ? model : default)
        .ToHashSet();

    private IEnumerable<string> LaunchNames => Launches.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    private static string? NotAModel(string name) => EncryptionModels.TryParse(name, out _)
        ? null
        : $"not a model; known are {string.Join(", ", EncryptionModels.All.Select(model => model.NovaName))}";
}
