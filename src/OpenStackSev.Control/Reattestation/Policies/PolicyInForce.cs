using OpenStackSev.Attestation.Appraisal;
using OpenStackSev.Control.Configuration;
using OpenStackSev.Control.Persistence;
using OpenStackSev.Control.Persistence.CurrentState;

namespace OpenStackSev.Control.Reattestation.Policies;

/// <summary>A version of the appraisal policy as this service judges by it.</summary>
/// <param name="Number">Of the version; <see cref="BuiltIn"/> for the default that is built in.</param>
/// <param name="Digest"><c>sha256:</c> and 64 hexadecimal digits, of what its document asks for. Reference values that are kept beside it change no digest.</param>
/// <param name="Policy">
/// Its document with the reference values that are kept beside it, at least the CRL's use that the configuration asks for, and exactly the
/// simulated roots that the configuration names.
/// </param>
public sealed record PolicyInForce(int Number, string Name, string Digest, AppraisalPolicy Policy)
{
    /// <summary>The number of the policy that judges while no version is active.</summary>
    public const int BuiltIn = 0;

    /// <summary>The built-in default as its document has it.</summary>
    public static PolicyInForce Default { get; } =
        new(BuiltIn, AppraisalPolicy.Default.Name, PolicyDocument.Digest(AppraisalPolicy.Default), AppraisalPolicy.Default);

    /// <summary>What a version becomes here. Pure.</summary>
    /// <param name="version">Null for the built-in default.</param>
    /// <param name="values">Removed ones are passed over.</param>
    /// <exception cref="StorageException">This program cannot read the document: a newer one wrote it, or it was damaged. Never judged by another policy instead.</exception>
    public static PolicyInForce Of(PolicyVersion? version, IEnumerable<ReferenceValue> values, EndorsementOptions endorsements)
    {
        if (version is null)
            return Default with { Policy = Merged(Default.Policy, values, endorsements) };
        if (!PolicyDocument.TryParse(version.Document, out AppraisalPolicy? policy, out IReadOnlyList<PolicyProblem> problems))
        {
            throw new StorageException(StorageCodes.Corrupt,
                $"policy {version.Number} cannot be read, so that nothing can be judged by it: {problems[0]}; activate another one");
        }

        return new(version.Number, version.Name, version.Digest, Merged(policy, values, endorsements));
    }

    /// <summary>What a document asks for, as this service would judge by it.</summary>
    public static AppraisalPolicy Merged(AppraisalPolicy policy, IEnumerable<ReferenceValue> values, EndorsementOptions endorsements) => policy with
    {
        Crl = endorsements.CrlUse == CrlUse.Required ? CrlUse.Required : policy.Crl,
        SimulatedRoots = endorsements.SimulatedRoots,
        ReferenceValues = policy.ReferenceValues with
        {
            LaunchDigests =
            [
                .. policy.ReferenceValues.LaunchDigests
                    .Concat(values.Where(value => value.RemovedAt is null).Select(value => new LaunchDigest(value.Digest, value.Name, value.CoversExecutables)))
                    .GroupBy(value => value.Digest, StringComparer.Ordinal)
                    // Who says that executables are covered is believed only when nobody says otherwise.
                    .Select(same => same.First() with { CoversExecutables = same.All(value => value.CoversExecutables) }),
            ],
        },
    };
}
