using System.Net;
using OpenStackSev.Cli.Explaining;
using OpenStackSev.OpenStack;
using OpenStackSev.Validation;
using OpenStackSev.Validation.Explaining;

namespace OpenStackSev.Cli.Validation;

/// <summary>What a cloud has, for the rules that look at it: resource classes, traits, hosts.</summary>
internal static class CloudFactsReading
{
    extension(OpenStackConnection cloud)
    {
        /// <summary>What the user may not read is not known, and a note says which rules are silent for it.</summary>
        /// <param name="mostProviders">Hosts of a cloud with more resource providers are not read: each is four requests.</param>
        /// <exception cref="OpenStackApiException"/>
        public async Task<CloudFacts?> FactsAsync(CommandConsole console, int mostProviders, CancellationToken ct)
        {
            try
            {
                HashSet<string> traits = (await cloud.Placement.ListTraitsAsync(ct: ct)).Traits.ToHashSet(StringComparer.Ordinal);
                HashSet<string> classes =
                    (await cloud.Placement.ListResourceClassesAsync(ct)).ResourceClasses.Select(known => known.Name).ToHashSet(StringComparer.Ordinal);
                return new(traits, classes, await cloud.NodesAsync(console, mostProviders, ct));
            }
            catch (OpenStackApiException e) when (e.Status == HttpStatusCode.Forbidden || e.Code == OpenStackCodes.EndpointNotFound)
            {
                console.Error.WriteLine("note: this user may not read Placement; what the cloud's hosts have was not looked at");
                return null;
            }
        }

        private async Task<IReadOnlyList<NodeFacts>?> NodesAsync(CommandConsole console, int mostProviders, CancellationToken ct)
        {
            int providers = mostProviders == int.MaxValue ? 0 : (await cloud.Placement.ListResourceProvidersAsync(ct: ct)).ResourceProviders.Count;
            if (providers <= mostProviders)
                return (await new HostReading(cloud, console).ReadAsync([], ct)).Nodes;
            console.Error.WriteLine($"note: {providers} resource providers were not looked at; osev audit does, and osev explain for one pair");
            return null;
        }
    }
}
