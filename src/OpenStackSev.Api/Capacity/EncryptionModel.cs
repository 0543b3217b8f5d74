namespace OpenStackSev.Api.Capacity;

/// <summary>A way of encrypting a guest's memory, as Nova names it in <c>hw:mem_encryption_model</c>.</summary>
public enum EncryptionModel
{
    AmdSev,
    AmdSevEs,
    AmdSevSnp,
}

/// <summary>What each <see cref="EncryptionModel"/> is called in Nova and in Placement. DESIGN: never changed once shipped.</summary>
public static class EncryptionModels
{
    /// <summary>All models, in the order in which they are shown.</summary>
    public static IReadOnlyList<EncryptionModel> All { get; } = [EncryptionModel.AmdSev, EncryptionModel.AmdSevEs, EncryptionModel.AmdSevSnp];

    extension(EncryptionModel model)
    {
        /// <summary>Value of <c>hw:mem_encryption_model</c>, e.g. <c>amd-sev-snp</c>.</summary>
        public string NovaName => model switch
        {
            EncryptionModel.AmdSev => "amd-sev",
            EncryptionModel.AmdSevEs => "amd-sev-es",
            EncryptionModel.AmdSevSnp => "amd-sev-snp",
            _ => throw Unknown(model),
        };

        /// <summary>Resource class of our guard inventory: one ASID.</summary>
        public string ResourceClass => model switch
        {
            EncryptionModel.AmdSev => "CUSTOM_SEV_ASID",
            EncryptionModel.AmdSevEs => "CUSTOM_SEV_ES_ASID",
            EncryptionModel.AmdSevSnp => "CUSTOM_SEV_SNP_ASID",
            _ => throw Unknown(model),
        };

        /// <summary>Trait of our guard provider.</summary>
        public string Trait => model switch
        {
            EncryptionModel.AmdSev => "CUSTOM_SEV",
            EncryptionModel.AmdSevEs => "CUSTOM_SEV_ES",
            EncryptionModel.AmdSevSnp => "CUSTOM_SEV_SNP",
            _ => throw Unknown(model),
        };

        /// <summary>Name of our guard provider below the compute node's provider: <c>compute1:sev_snp</c>.</summary>
        public string ProviderName(string node) => model switch
        {
            EncryptionModel.AmdSev => node + ":sev",
            EncryptionModel.AmdSevEs => node + ":sev_es",
            EncryptionModel.AmdSevSnp => node + ":sev_snp",
            _ => throw Unknown(model),
        };

        /// <summary>Name of Nova's own provider for this model since 2025.2: <c>compute1_amd_sev_snp</c>.</summary>
        /// <remarks>Source: nova/virt/libvirt/driver.py, <c>_update_provider_tree_for_memory_encryption</c>.</remarks>
        public string NovaProviderName(string node) => node + "_" + model.NovaName.Replace('-', '_');
    }

    /// <summary>The model that Nova calls <paramref name="novaName"/>.</summary>
    public static bool TryParse(string novaName, out EncryptionModel model)
    {
        foreach (EncryptionModel candidate in All)
        {
            if (string.Equals(candidate.NovaName, novaName, StringComparison.Ordinal))
            {
                model = candidate;
                return true;
            }
        }

        model = default;
        return false;
    }

    private static ArgumentOutOfRangeException Unknown(EncryptionModel model) => new(nameof(model), model, "not an encryption model");
}
