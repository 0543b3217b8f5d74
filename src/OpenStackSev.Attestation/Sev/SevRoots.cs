namespace OpenStackSev.Attestation.Sev;

/// <summary>AMD's roots of plain SEV, by the SHA-256 of the whole certificate.</summary>
/// <remarks>
/// The certificate that has this hash is the anchor, not just its key. From Milan on the key is that of the X.509 ARK.
/// Source: the certificates that virtee/sev has built in, which are those of AMD's developer site; all signatures were checked.
/// </remarks>
public static class SevRoots
{
    private static readonly Dictionary<string, string> s_products = new(StringComparer.Ordinal)
    {
        ["dedabca561e1dece8cc00b7bda864cf5f20b95017864408cfe18eaee0dce24b9"] = "Naples",
        ["865977b268c16d5b27772b00aaefb4e737ba9499e818ed8e9f65b0cecefbc529"] = "Rome",
        ["1246469862b78a7a8625579b0378d1f8e975eb8b82a1623b579d7968a5969888"] = "Milan",
        ["8f4e3fd36589c23f1fe0c8338465bac7e2e066d97fc92f228bbee4fd356fb674"] = "Genoa",
        ["f6405e5096a6eee1eb7d5df75c49f9b9f7c8357a31c7fff150149d68588a7bf7"] = "Turin",
    };

    /// <summary>Hash and product line of each root.</summary>
    public static IReadOnlyDictionary<string, string> All => s_products;
}
