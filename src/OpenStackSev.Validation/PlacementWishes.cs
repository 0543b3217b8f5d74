using System.Numerics;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Validation;

/// <summary>One trait or resource class that a flavor or an image names.</summary>
/// <param name="Key">As it is written: <c>trait1:CUSTOM_X</c>.</param>
/// <param name="Group">What is between the kind and the colon; empty for the unsuffixed group.</param>
/// <param name="Name">Trait or class.</param>
/// <param name="Amount">Of a class, 0 or more; 1 for a trait.</param>
internal sealed record NamedWish(bool OnFlavor, string Key, string Group, string Name, BigInteger Amount);

/// <summary>What the <c>resources:</c> and <c>trait:</c> keys of a flavor and an image ask of Placement.</summary>
/// <remarks>
/// Source: nova/scheduler/utils.py, ResourceRequest.XS_KEYPAT; nova/objects/request_spec.py, RequestGroup.add_resource and add_trait. What Nova
/// passes over is left out.
/// </remarks>
internal sealed class PlacementWishes
{
    private const int LongestGroup = 64;
    private static readonly PlacementWishes s_none = new([], [], []);

    private PlacementWishes(List<NamedWish> classes, List<NamedWish> required, List<NamedWish> forbidden)
    {
        Classes = classes;
        Required = required;
        Forbidden = forbidden;
        MeanEncryption = classes.Exists(wish => IsSevClass(wish.Name)) || required.Exists(wish => ModelOfTrait(wish.Name) is not null);
    }

    public List<NamedWish> Classes { get; }
    public List<NamedWish> Required { get; }
    public List<NamedWish> Forbidden { get; }

    /// <summary>Names of memory encryption are among them.</summary>
    public bool MeanEncryption { get; }

    public bool Any => Classes.Count + Required.Count + Forbidden.Count > 0;

    public static PlacementWishes Of(FlavorSpec flavor, ImageSpec image)
    {
        List<NamedWish>? classes = null, required = null, forbidden = null;
        foreach ((string key, string value) in flavor.ExtraSpecs)
        {
            if (key.StartsWith("resources", StringComparison.Ordinal) && TrySplit(key, "resources".Length, out string group, out string name))
            {
                if (PythonNumber.TryParse(value, out BigInteger amount) && amount > 0)
                    (classes ??= []).Add(new(true, key, group, name, amount));
            }
            else if (key.StartsWith("trait", StringComparison.Ordinal) && TrySplit(key, "trait".Length, out group, out name))
            {
                if (value == "required")
                    (required ??= []).Add(new(true, key, group, name, 1));
                else if (value == "forbidden")
                    (forbidden ??= []).Add(new(true, key, group, name, 1));
            }
        }
        foreach ((string key, string value) in image.Properties)
        {
            // An image can only require, and only in the unsuffixed group.
            if (value == "required" && key.StartsWith("trait:", StringComparison.Ordinal))
                (required ??= []).Add(new(false, key, "", key["trait:".Length..], 1));
        }
        return classes is null && required is null && forbidden is null ? s_none : new(classes ?? [], required ?? [], forbidden ?? []);
    }

    /// <summary>True when a group asks for some of the class.</summary>
    public bool Has(string resourceClass, string group) => Classes.Exists(wish => wish.Name == resourceClass && wish.Group == group);

    /// <summary>The model that our trait or Nova's stands for; null for another one.</summary>
    public static string? ModelOfTrait(string trait)
    {
        foreach ((string model, _, string ours, string novas) in SevNames.Models)
        {
            if (trait == ours || trait == novas)
                return model;
        }
        return null;
    }

    /// <summary>The model that our class stands for; null for another one.</summary>
    public static string? ModelOfClass(string resourceClass)
    {
        foreach ((string model, string ours, _, _) in SevNames.Models)
        {
            if (resourceClass == ours)
                return model;
        }
        return null;
    }

    private static bool IsSevClass(string resourceClass) => resourceClass == SevNames.Context || ModelOfClass(resourceClass) is not null;

    private static bool TrySplit(string key, int prefix, out string group, out string name)
    {
        group = name = "";
        int colon = key.IndexOf(':', prefix);
        if (colon < 0 || colon - prefix > LongestGroup)
            return false;
        foreach (char c in key.AsSpan(prefix, colon - prefix))
        {
            if (!char.IsAsciiLetterOrDigit(c) && c is not ('_' or '-'))
                return false;
        }
        (group, name) = (key[prefix..colon], key[(colon + 1)..]);
        return true;
    }
}
