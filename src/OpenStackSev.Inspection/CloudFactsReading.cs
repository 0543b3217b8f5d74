using System.Net;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Inspection;

/// <summary>What a cloud has, for the rules that look at it: resource classes, traits, hosts.</summary>
public static class CloudFactsReading
{
    /// <summary>As many resource providers as are read to judge one pair: a second, and not a minute.</summary>
    public const int MostProvidersOfOnePair = 200;

    extension(OpenStackConnection cloud)
    {
        /// <summary>Null where the user may not read Placement: rules that need it are then silent.</summary>
        /// <param name="mostProviders">Hosts of a cloud with more resource providers are not read: each is four requests.</param>
        /// <param name="note">Told what was not looked at, in words.</param>
        /// <param name="progress">Told how far the reading has come, in words.</param>
        /// <exception cref="OpenStackApiException"/>
        public async Task<CloudFacts?> FactsAsync(int mostProviders, Action<string> note, Action<string>? progress, CancellationToken ct)
        {
            try
            {
                HashSet<string> traits = (await cloud.Placement.ListTraitsAsync(ct: ct)).Traits.ToHashSet(StringComparer.Ordinal);
                HashSet<string> classes =
                    (await cloud.Placement.ListResourceClassesAsync(ct)).ResourceClasses.Select(known => known.Name).ToHashSet(StringComparer.Ordinal);
                return new(traits, classes, await cloud.NodesAsync(mostProviders, note, progress, ct));
            }
            catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Forbidden || e.Code == OpenStackCodes.EndpointNotFound)
            {
                note("this user may not read Placement; what the cloud's hosts have was not looked at");
                return null;
            }
        }

        private async Task<IReadOnlyList<NodeFacts>?> NodesAsync(int mostProviders, Action<string> note, Action<string>? progress, CancellationToken ct)
        {
            int providers = mostProviders == int.MaxValue ? 0 : (await cloud.Placement.ListResourceProvidersAsync(ct: ct)).ResourceProviders.Count;
            if (providers <= mostProviders)
                return (await new HostReading(cloud, progress).ReadAsync([], ct)).Nodes;
            note($"{providers} resource providers were not looked at; osev audit does, and osev explain for one pair");
            return null;
        }
    }
}
