using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;
using OpenStackSev.Api.Capacity;

namespace OpenStackSev.Agent.Capacity;

/// <summary>How this node's capacity is published. Section <c>[capacity]</c> of agent.conf.</summary>
public sealed class CapacityOptions
{
    public const string Section = "capacity";

    /// <summary>Wait between rounds after a success. 10 s to 1 h; shorter only loads Placement. A bare number means seconds.</summary>
    [ConfigurationKeyName("interval"), Range(typeof(TimeSpan), "00:00:10", "01:00:00")]
    public TimeSpan Interval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>The first round starts within this time, at random, so that many nodes do not strike Placement together. 0 to 10 min.</summary>
    [ConfigurationKeyName("start_jitter"), Range(typeof(TimeSpan), "00:00:00", "00:10:00")]
    public TimeSpan StartJitter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>UUID of the compute node's resource provider. Unset: Nova's compute_id file, then names.</summary>
    [ConfigurationKeyName("node_uuid")]
    public Guid? NodeUuid { get; set; }

    /// <summary>Nova's compute_id file (since 2023.1). Looked at below the platform root.</summary>
    [ConfigurationKeyName("compute_id_file")]
    public string ComputeIdFile { get; set; } = "/var/lib/nova/compute_id";

    /// <summary>Root provider's name when compute_id is not readable: Nova's hypervisor_hostname. Unset: this machine's FQDN, then short name.</summary>
    [ConfigurationKeyName("node_name"), StringLength(200, MinimumLength = 1)]
    public string? NodeName { get; set; }

    /// <summary>ASIDs of the pool that SEV-ES and SEV-SNP share that are published as SEV-ES where both can be used.</summary>
    [ConfigurationKeyName("es_share"), Range(0, 1_000_000)]
    public int EsShare { get; set; }

    /// <summary>Models that this Nova launches although it publishes no MEM_ENCRYPTION_CONTEXT for them, e.g. <c>amd-sev-snp</c>; comma-separated.</summary>
    [ConfigurationKeyName("launches")]
    public string Launches { get; set; } = "";

    /// <summary>Plain SEV ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev"), Range(0, 1_000_000)]
    public int ReservedSev { get; set; }

    /// <summary>SEV-ES ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev_es"), Range(0, 1_000_000)]
    public int ReservedSevEs { get; set; }

    /// <summary>SEV-SNP ASIDs kept back for the operator.</summary>
    [ConfigurationKeyName("reserved_sev_snp"), Range(0, 1_000_000)]
    public int ReservedSevSnp { get; set; }

    /// <summary><see cref="Launches"/>, parsed. Unknown names are left to <see cref="CapacityRules"/>.</summary>
    public IReadOnlySet<EncryptionModel> LaunchableModels => LaunchNames
        .Where(name => EncryptionModels.TryParse(name, out _))
        .Select(name => EncryptionModels.TryParse(name, out EncryptionModel model) ? model : default)
        .ToHashSet();

    internal IEnumerable<string> LaunchNames => Launches.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Rules of single keys; generated.</summary>
[OptionsValidator]
public sealed partial class CapacityOptionsValidator : IValidateOptions<CapacityOptions>;

/// <summary>Rules that one attribute cannot say.</summary>
public sealed class CapacityRules : IValidateOptions<CapacityOptions>
{
    public ValidateOptionsResult Validate(string? name, CapacityOptions options)
    {
        string[] unknown = [.. options.LaunchNames.Where(launch => !EncryptionModels.TryParse(launch, out _))];
        return unknown.Length == 0
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"launches: '{string.Join("', '", unknown)}' is not a model; known are {string.Join(", ", EncryptionModels.All.Select(model => model.NovaName))}");
    }
}
