using Microsoft.Extensions.Configuration;
using OpenStackSev.Api.Capacity;

namespace OpenStackSev.Agent.Capacity;

/// <summary>How this node's capacity is published. Section <c>[capacity]</c> of agent.conf.</summary>
public sealed class CapacityOptions
{
    public const string Section = "capacity";

    /// <summary>Wait between rounds after a success. 10 s to 1 h; shorter only loads Placement. A bare number means seconds.</summary>
    [ConfigurationKeyName("interval")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The first round starts within this time, at random, so that many nodes do not strike Placement together. 0 to 10 min.</summary>
    [ConfigurationKeyName("start_jitter")]
    public TimeSpan StartJitter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>UUID of the compute node's resource provider. Unset: Nova's compute_id file, then names.</summary>
    [ConfigurationKeyName("node_uuid")]
    public Guid? NodeUuid { get; set; }

    /// <summary>Nova's compute_id file (since 2023.1). Looked at below the platform root.</summary>
    [ConfigurationKeyName("compute_id_file")]
    public string ComputeIdFile { get; set; } = "/var/lib/nova/compute_id";

    /// <summary>Root provider's name when compute_id is not readable: Nova's hypervisor_hostname. Unset: this machine's FQDN, then short name.</summary>
    [ConfigurationKeyName("node_name")]
    public string? NodeName { get; set; }

    /// <summary>ASIDs of the pool that SEV-ES and SEV-SNP share that are published as SEV-ES where both can be used.</summary>
    [ConfigurationKeyName("es_share")]
    public int EsShare { get; set; }

    /// <summary>Models that this Nova launches although it publishes no MEM_ENCRYPTION_CONTEXT for them, e.g. <c>amd-sev-snp</c>; comma-separated.</summary>
    [ConfigurationKeyName("launches")]
    public string Launches { get; set; } = "";

    /// <summary>Plain SEV ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev")]
    public int ReservedSev { get; set; }

    /// <summary>SEV-ES ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev_es")]
    public int ReservedSevEs { get; set; }

    /// <summary>SEV-SNP ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev_snp")]
    public int ReservedSevSnp { get; set; }

    /// <summary><see cref="Launches"/>, parsed. Unknown names are left to <see cref="CapacityRules"/>.</summary>
    public IReadOnlySet<EncryptionModel> LaunchableModels => LaunchNames
        .Where(name => EncryptionModels.TryParse(name, out _))
        .Select(name => EncryptionModels.TryParse(name, out EncryptionModel model) ? model : default)
        .ToHashSet();

    internal IEnumerable<string> LaunchNames => Launches.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>What a value may be; every problem is told, by the key's own name.</summary>
public static class CapacityRules
{
    private const int MostAsids = 1_000_000;

    public static IEnumerable<string> Problems(CapacityOptions options)
    {
        if (options.Interval < TimeSpan.FromSeconds(10) || options.Interval > TimeSpan.FromHours(1))
            yield return $"interval = {options.Interval.TotalSeconds}: must be 10 to 3600 seconds";
        if (options.StartJitter < TimeSpan.Zero || options.StartJitter > TimeSpan.FromMinutes(10))
            yield return $"start_jitter = {options.StartJitter.TotalSeconds}: must be 0 to 600 seconds";
        if (options.NodeName is { Length: 0 or > 200 })
            yield return "node_name: must have 1 to 200 characters";
        foreach ((string key, int value) in new[]
        {
            ("es_share", options.EsShare), ("reserved_sev", options.ReservedSev),
            ("reserved_sev_es", options.ReservedSevEs), ("reserved_sev_snp", options.ReservedSevSnp),
        })
        {
            if (value is < 0 or > MostAsids)
                yield return $"{key} = {value}: must be 0 to {MostAsids}";
        }

        foreach (string name in options.LaunchNames.Where(name => !EncryptionModels.TryParse(name, out _)))
            yield return $"launches = {name}: not a model; known are {string.Join(", ", EncryptionModels.All.Select(model => model.NovaName))}";
    }
}
