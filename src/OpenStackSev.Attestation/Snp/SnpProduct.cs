namespace OpenStackSev.Attestation.Snp;

/// <summary>A processor that runs SEV-SNP guests, as far as a report can tell them apart.</summary>
public enum SnpProduct
{
    Milan,
    Genoa,

    /// <summary>Zen 4c. The package type tells the two apart, and a report does not carry it.</summary>
    BergamoOrSiena,

    /// <summary>Turin and Turin Dense.</summary>
    Turin,
    Venice,
}

/// <summary>Products that share a root key, a path at AMD's key distribution service and a form of the TCB.</summary>
public enum ProductLine
{
    Milan,
    Genoa,
    Turin,
    Venice,
}

/// <summary>What is known of each product.</summary>
/// <remarks>Source: AMD 57230, "VCEK Certificate and KDS Interface Specification"; family and model ranges as AMD's PPRs give them.</remarks>
public static class SnpProducts
{
    /// <summary>The product of a CPUID family and model, both combined with their extended parts; null when it is none that runs SEV-SNP.</summary>
    public static SnpProduct? Of(byte family, byte model) => (family, model) switch
    {
        (0x19, <= 0x0F) => SnpProduct.Milan,
        (0x19, >= 0x10 and <= 0x1F) => SnpProduct.Genoa,
        (0x19, >= 0xA0 and <= 0xAF) => SnpProduct.BergamoOrSiena,
        (0x1A, <= 0x11) => SnpProduct.Turin,
        (0x1A, >= 0x50 and <= 0x57 or >= 0x90 and <= 0x9F or >= 0xA0 and <= 0xAF or >= 0xC0 and <= 0xC7) => SnpProduct.Venice,
        _ => null,
    };

    public static ProductLine Line(this SnpProduct product) => product switch
    {
        SnpProduct.Milan => ProductLine.Milan,
        SnpProduct.Genoa or SnpProduct.BergamoOrSiena => ProductLine.Genoa,
        SnpProduct.Turin => ProductLine.Turin,
        _ => ProductLine.Venice,
    };

    public static TcbLayout Layout(this ProductLine line) => line is ProductLine.Turin or ProductLine.Venice ? TcbLayout.Turin : TcbLayout.Milan;

    /// <summary>Bytes of CHIP_ID that name the chip; the others are zero.</summary>
    public static int ChipIdSize(this ProductLine line) => line.Layout() == TcbLayout.Turin ? 8 : 64;

    /// <summary>The line of a name as certificates and KDS write it (<c>Milan</c>, <c>Milan-B0</c>); null when it is none.</summary>
    public static ProductLine? LineNamed(string name)
    {
        string line = name.Split('-', 2)[0];
        foreach (ProductLine candidate in Enum.GetValues<ProductLine>())
        {
            if (candidate.ToString() == line)
                return candidate;
        }
        return null;
    }
}
