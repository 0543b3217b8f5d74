namespace OpenStackSev.Validation.Auditing;

/// <summary>Which combinations of a cloud's flavors and images somebody can mean. Pure.</summary>
/// <remarks>
/// An encrypted flavor with an image that was made for other flavors is refused, and should be: to report it for every such image would bury what
/// is wrong, and the fixes would change images that are right. So a combination is left out when both its flavor and its image come closer to
/// booting in another one. What stays is what each of them is closest to, and all that boots.
/// Errors that a flavor has with every image, or an image with every flavor, are its own and do not count here.
/// </remarks>
internal sealed class Combinations
{
    private readonly byte[] _errors;
    private readonly byte[] _leastOfFlavor;
    private readonly byte[] _leastOfImage;
    private readonly int _images;

    private Combinations(byte[] errors, byte[] leastOfFlavor, byte[] leastOfImage, int images) =>
        (_errors, _leastOfFlavor, _leastOfImage, _images) = (errors, leastOfFlavor, leastOfImage, images);

    /// <param name="judge">Findings of the flavor and the image at these positions.</param>
    /// <param name="done">Called after each flavor.</param>
    public static Combinations Of(int flavors, int images, Func<int, int, IReadOnlyList<Finding>> judge, Action<int> done)
    {
        var rowErrors = new CodeSet[flavors * images];
        var ofFlavor = new CodeSet[flavors];
        var ofImage = new CodeSet[images];
        Array.Fill(ofFlavor, CodeSet.All);
        Array.Fill(ofImage, CodeSet.All);
        for (int f = 0; f < flavors; f++)
        {
            for (int i = 0; i < images; i++)
            {
                CodeSet onFlavor = default, onImage = default;
                foreach (Finding finding in judge(f, i))
                {
                    if (finding.Level != FindingLevel.Error)
                        continue;
                    if (AuditedThing.IsFlavor(finding))
                        onFlavor = onFlavor.With(finding.Code);
                    else
                        onImage = onImage.With(finding.Code);
                }
                rowErrors[(f * images) + i] = onFlavor.Or(onImage);
                ofFlavor[f] = ofFlavor[f].And(onFlavor);
                ofImage[i] = ofImage[i].And(onImage);
            }
            done(f + 1);
        }

        var errors = new byte[flavors * images];
        byte[] leastOfFlavor = new byte[flavors], leastOfImage = new byte[images];
        Array.Fill(leastOfFlavor, byte.MaxValue);
        Array.Fill(leastOfImage, byte.MaxValue);
        for (int f = 0; f < flavors; f++)
        {
            for (int i = 0; i < images; i++)
            {
                byte count = rowErrors[(f * images) + i].Without(ofFlavor[f]).Without(ofImage[i]).Count;
                errors[(f * images) + i] = count;
                leastOfFlavor[f] = Math.Min(leastOfFlavor[f], count);
                leastOfImage[i] = Math.Min(leastOfImage[i], count);
            }
        }
        return new(errors, leastOfFlavor, leastOfImage, images);
    }

    public bool IsLeftOut(int flavor, int image)
    {
        byte errors = _errors[(flavor * _images) + image];
        return errors > _leastOfFlavor[flavor] && errors > _leastOfImage[image];
    }
}

/// <summary>Codes of the catalogue, as bits.</summary>
internal readonly record struct CodeSet(UInt128 Bits)
{
    private static readonly Dictionary<string, int> s_positions =
        RequestRules.All.Index().ToDictionary(rule => rule.Item.Code, rule => rule.Index, StringComparer.Ordinal);

    public static CodeSet All => new(UInt128.MaxValue);

    public byte Count => (byte)UInt128.PopCount(Bits);

    // 128 rules have a bit each; a test says when there are more.
    public CodeSet With(string code) => new(Bits | (UInt128.One << s_positions[code]));
    public CodeSet Or(CodeSet other) => new(Bits | other.Bits);
    public CodeSet And(CodeSet other) => new(Bits & other.Bits);
    public CodeSet Without(CodeSet other) => new(Bits & ~other.Bits);
}
